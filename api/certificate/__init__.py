# SPDX-License-Identifier: Apache-2.0
"""The certificate of a record: a PDF in Chinese and English, with a QR code that carries the proof itself."""
