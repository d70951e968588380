# SPDX-License-Identifier: Apache-2.0
"""Many records in one request, and what is asked of them beside their form."""
