# SPDX-License-Identifier: Apache-2.0
"""What the notary needs of a database: the ports that `notary.stores` implements.

Times are milliseconds since 1970, UTC. A lender is named by the number that the store gave it. No method
returns half of a commit. `notary.log.anchors.AnchorStore` is the port of anchoring.
"""
