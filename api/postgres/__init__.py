# SPDX-License-Identifier: Apache-2.0
"""What a service keeps in its PostgreSQL database beside the store: connections, locks, and values for all hosts."""
