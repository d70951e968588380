// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {LogId} from "../../../contracts/INotaryRegistry.sol";
import {NotaryRegistry} from "../../../contracts/NotaryRegistry.sol";
import {ReferenceTree} from "./ReferenceTree.sol";
import {Test} from "./Test.sol";

/// @notice A registry with one log, and the arguments of anchors to it.
abstract contract RegistryFixture is Test {
    using ReferenceTree for ReferenceTree.Tree;

    /// @dev What takes a log from one size to a bigger one.
    struct Step {
        uint48 first;
        uint48 second;
        bytes32 firstRoot;
        bytes32 secondRoot;
        bytes32[] proof;
    }

    string internal constant ORIGIN = "notary.example/loans";
    uint48 internal constant START = 1_700_000_000;
    uint48 internal constant LARGEST = type(uint48).max;

    address internal operator = address(0xA11CE);
    address internal stranger = address(0xBAD);
    NotaryRegistry internal registry;
    LogId internal log;

    function setUp() public virtual {
        vm.warp(START);
        registry = new NotaryRegistry();
        vm.prank(operator);
        log = registry.register(ORIGIN);
    }

    function step(bytes32 seed, uint48 first, uint48 second) internal pure returns (Step memory) {
        ReferenceTree.Tree memory tree = ReferenceTree.between(seed, first, second);
        return Step(first, second, tree.hash(0, first), tree.hash(0, second), tree.proof(first, second));
    }

    /// @dev Anchors where the step begins; a first anchor needs no proof.
    function anchorFirst(Step memory s) internal {
        vm.prank(operator);
        registry.anchor(log, s.first, s.firstRoot, 0, new bytes32[](0));
    }

    function anchorSecond(Step memory s) internal {
        vm.prank(operator);
        registry.anchor(log, s.second, s.secondRoot, s.firstRoot, s.proof);
    }

    function requireHead(LogId id, address wantedOperator, uint48 wantedSize, uint48 wantedTime) internal view {
        (address headOperator, uint48 headSize, uint48 headTime) = registry.head(id);
        vm.assertEq(headOperator, wantedOperator);
        vm.assertEq(headSize, wantedSize);
        vm.assertEq(headTime, wantedTime);
    }
}
