// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {INotaryRegistry, LogId} from "../../../contracts/INotaryRegistry.sol";

/// @notice Puts many cases to a registry in one eth_call, each to a log of its own: for the differential tests.
contract RegistryProbe {
    struct ConsistencyCase {
        uint48 first;
        uint48 second;
        bytes32 firstRoot;
        bytes32 secondRoot;
        bytes32[] proof;
    }

    struct InclusionCase {
        uint48 index;
        uint48 size;
        bytes32 leafHash;
        bytes32 root;
        bytes32[] proof;
    }

    /// @notice The reason that each second anchor was refused for; empty when it was accepted. The first anchor of a
    /// case has `anchoredRoot`: the root that the log really had.
    function consistency(INotaryRegistry registry, ConsistencyCase[] calldata cases, bytes32[] calldata anchoredRoots)
        external
        returns (bytes[] memory refusals)
    {
        refusals = new bytes[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            ConsistencyCase calldata c = cases[i];
            LogId log = _anchored(registry, i, c.first, anchoredRoots[i]);
            try registry.anchor(log, c.second, c.secondRoot, c.firstRoot, c.proof) {}
            catch (bytes memory reason) {
                refusals[i] = reason;
            }
        }
    }

    /// @notice What verifyInclusion says to each case, with its root anchored at its size.
    function inclusion(INotaryRegistry registry, InclusionCase[] calldata cases)
        external
        returns (bool[] memory verdicts)
    {
        verdicts = new bool[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            InclusionCase calldata c = cases[i];
            LogId log = _anchored(registry, i, c.size, c.root);
            uint48 time = uint48(block.timestamp);
            verdicts[i] = registry.verifyInclusion(log, c.size, c.root, time, c.index, c.leafHash, c.proof);
        }
    }

    function _anchored(INotaryRegistry registry, uint256 i, uint48 size, bytes32 root) private returns (LogId log) {
        log = registry.register(string(abi.encode(i)));
        registry.anchor(log, size, root, 0, new bytes32[](0));
    }
}
