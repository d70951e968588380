# SPDX-License-Identifier: Apache-2.0
"""Folders and files on disk that outlive kills: setting them up, locking, backup, moving."""
