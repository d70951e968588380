# SPDX-License-Identifier: Apache-2.0
"""What others do with a batch of documents, beside what this project does with it, in the same run."""
