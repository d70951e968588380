# SPDX-License-Identifier: Apache-2.0
"""Webhooks: one process turns what the log and its anchors have become into messages, and sends them.

`producing` makes messages, `sending` takes one to its receiver, `worker` is the process that does both.
"""
