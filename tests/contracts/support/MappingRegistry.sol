// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice The simplest registry there is, one slot a record: what docs/gas.md compares with.
contract MappingRegistry {
    mapping(bytes32 digest => uint256 time) public recordedAt;

    function record(bytes32 digest) external {
        recordedAt[digest] = block.timestamp;
    }
}
