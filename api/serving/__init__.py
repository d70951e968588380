# SPDX-License-Identifier: Apache-2.0
"""HTTP as it comes from granian (RSGI): what an event loop does itself, and how all else gets to Flask in threads."""
