// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {INotaryRegistry, LogId} from "../../../contracts/INotaryRegistry.sol";

/// @notice An operator of many logs that anchors all of them in one transaction: what docs/performance.md compares with.
/// @dev For measuring only: anybody may call it.
contract ManyLogs {
    INotaryRegistry private immutable REGISTRY;

    struct Growth {
        LogId log;
        uint48 size;
        bytes32 root;
        bytes32 previousRoot;
        bytes32[] proof;
    }

    constructor(INotaryRegistry registry) {
        REGISTRY = registry;
    }

    function accept(LogId log) external {
        REGISTRY.acceptOperator(log);
    }

    function anchorAll(Growth[] calldata growths) external {
        for (uint256 i = 0; i < growths.length; ++i) {
            Growth calldata growth = growths[i];
            REGISTRY.anchor(growth.log, growth.size, growth.root, growth.previousRoot, growth.proof);
        }
    }
}
