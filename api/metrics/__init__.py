# SPDX-License-Identifier: Apache-2.0
"""What the parts of the service count, and where Prometheus reads it."""
