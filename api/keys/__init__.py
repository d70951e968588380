# SPDX-License-Identifier: Apache-2.0
"""The notary's own keys: where they are kept, how they change while the service runs, how they stay secret.

`places` says where a key can be, `files` and `token` are the two kinds of places that are not a variable, `config` is
the file that names the places, `log_keys` and `anchor_keys` give the keys to those who sign, `rotation` changes them,
and `hardening` keeps secrets out of core dumps and of the environments of other processes.
"""
