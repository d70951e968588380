# SPDX-License-Identifier: Apache-2.0
"""Evidence packages: all that proves one loan, in one ZIP file that opens and verifies without the notary.

`manifest` and `container` are the file, `contents` is what follows from the history receipt in it, `readme` explains it
to people. `verification` is offline; `notary.package.making` writes packages.
"""
