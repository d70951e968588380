# SPDX-License-Identifier: Apache-2.0
"""Who signs: keys, certificates, the registers of both, and signatures."""
