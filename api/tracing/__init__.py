# SPDX-License-Identifier: Apache-2.0
"""Traces for operators: the ids of requests, and OpenTelemetry spans where they are wanted."""
