// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice What a call costs the contract that makes it, the first access to the callee included.
contract GasProbe {
    function gasOf(address target, bytes calldata data) external view returns (uint256 used) {
        uint256 before = gasleft();
        (bool success,) = target.staticcall(data);
        used = before - gasleft();
        require(success, "the call failed");
    }
}
