# SPDX-License-Identifier: Apache-2.0
"""Looking into documents: signed PDFs, detached signatures, timestamps.

Whoever made a document may mean harm to whoever reads it, so this runs in a process of its own, and each document in a
fork of that process with hard limits. `python -m notary.inspection` is that process; `api.checker` starts it.
"""
