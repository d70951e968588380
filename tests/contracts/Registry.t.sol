// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {INotaryRegistry, LogId} from "../../contracts/INotaryRegistry.sol";
import {ReferenceTree} from "./support/ReferenceTree.sol";
import {RegistryFixture} from "./support/RegistryFixture.sol";

/// @notice What works: each test looks at the return value, the event and the state together.
contract RegistryTest is RegistryFixture {
    using ReferenceTree for ReferenceTree.Tree;

    function test_register(string calldata origin, address registrant) public {
        if (bytes(origin).length == 0 || keccak256(bytes(origin)) == keccak256(bytes(ORIGIN))) return;
        LogId expected = LogId.wrap(keccak256(abi.encode(registrant, origin)));

        vm.expectEmit(address(registry));
        emit INotaryRegistry.LogRegistered(expected, registrant, origin);
        vm.prank(registrant);
        LogId id = registry.register(origin);

        vm.assertEq(LogId.unwrap(id), LogId.unwrap(expected));
        vm.assertEq(LogId.unwrap(registry.logIdOf(registrant, origin)), LogId.unwrap(expected));
        if (registrant != address(0)) requireHead(id, registrant, 0, 0);
    }

    function test_register_sameOriginForAnother() public {
        vm.prank(stranger);
        LogId other = registry.register(ORIGIN);
        vm.assertTrue(LogId.unwrap(other) != LogId.unwrap(log));
        requireHead(log, operator, 0, 0);
        requireHead(other, stranger, 0, 0);
    }

    function test_head_ofUnknownLog() public view {
        requireHead(LogId.wrap(bytes32(uint256(1))), address(0), 0, 0);
    }

    /// @dev Both anchors of any step between any two sizes.
    function testFuzz_anchor(bytes32 seed, uint256 first, uint256 growth, uint32 wait) public {
        Step memory s = _anyStep(seed, first, growth);

        vm.expectEmit(address(registry));
        emit INotaryRegistry.Anchored(log, s.first, s.firstRoot, START);
        anchorFirst(s);
        requireHead(log, operator, s.first, START);
        vm.assertTrue(registry.isAnchored(log, s.first, s.firstRoot, START));

        uint48 later = START + wait;
        vm.warp(later);
        vm.expectEmit(address(registry));
        emit INotaryRegistry.Anchored(log, s.second, s.secondRoot, later);
        anchorSecond(s);
        requireHead(log, operator, s.second, later);
        vm.assertTrue(registry.isAnchored(log, s.second, s.secondRoot, later));
        vm.assertTrue(registry.isAnchored(log, s.first, s.firstRoot, START));
    }

    /// @dev Any bit of any hash of the proof, and of both roots.
    function testFuzz_anchor_refusesAnyFlippedBit(bytes32 seed, uint256 first, uint256 growth, uint256 bit) public {
        Step memory s = _anyStep(seed, first, growth);
        anchorFirst(s);
        bit = bound(bit, 0, 256 * (s.proof.length + 2) - 1);
        bytes32 flip = bytes32(1 << (bit % 256));
        uint256 place = bit / 256;
        if (place < s.proof.length) s.proof[place] ^= flip;
        else if (place == s.proof.length) s.secondRoot ^= flip;
        else s.firstRoot ^= flip;
        vm.expectRevert();
        anchorSecond(s);
        requireHead(log, operator, s.first, START);
    }

    function test_anchor_toTheLargestSize() public {
        Step memory s = step("tree", LARGEST - 1, LARGEST);
        anchorFirst(s);
        anchorSecond(s);
        requireHead(log, operator, LARGEST, START);
    }

    function testFuzz_isAnchored_onlyWhatWasAnchored(uint48 size, bytes32 root, uint48 time) public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        bool same = size == 7 && root == s.firstRoot && time == START;
        vm.assertEq(registry.isAnchored(log, size, root, time), same);
        vm.assertFalse(registry.isAnchored(log, size, s.firstRoot, size == 7 ? START + 1 : START));
        vm.assertFalse(registry.isAnchored(LogId.wrap(root), 7, s.firstRoot, START));
        vm.assertFalse(registry.isAnchored(log, 0, 0, 0));
    }

    function testFuzz_verifyInclusion(bytes32 seed, uint256 sizeSeed, uint256 indexSeed, uint256 bit) public {
        uint48 size = _anySize(sizeSeed, LARGEST);
        uint48 index = uint48(bound(indexSeed, 0, size - 1));
        ReferenceTree.Tree memory tree = ReferenceTree.around(seed, index, size);
        bytes32 root = tree.hash(0, size);
        bytes32 leaf = tree.hash(index, index + 1);
        bytes32[] memory path = tree.path(index, 0, size);
        vm.prank(operator);
        registry.anchor(log, size, root, 0, new bytes32[](0));

        vm.assertTrue(registry.verifyInclusion(log, size, root, START, index, leaf, path));
        vm.assertFalse(registry.verifyInclusion(log, size, root, START + 1, index, leaf, path));
        vm.assertFalse(registry.verifyInclusion(log, size, root, START, size, leaf, path));
        vm.assertFalse(registry.verifyInclusion(log, size, root, START, index, leaf, new bytes32[](path.length + 1)));
        bytes32 flip = bytes32(1 << (bit % 256));
        vm.assertFalse(registry.verifyInclusion(log, size, root, START, index, leaf ^ flip, path));
        vm.assertFalse(registry.verifyInclusion(log, size, root ^ flip, START, index, leaf, path));
        if (path.length == 0) return;
        path[bit % path.length] ^= flip;
        vm.assertFalse(registry.verifyInclusion(log, size, root, START, index, leaf, path));
    }

    function test_handOver() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);

        vm.expectEmit(address(registry));
        emit INotaryRegistry.OperatorProposed(log, stranger);
        vm.prank(operator);
        registry.proposeOperator(log, stranger);
        requireHead(log, operator, 7, START);

        vm.expectEmit(address(registry));
        emit INotaryRegistry.OperatorChanged(log, stranger);
        vm.prank(stranger);
        registry.acceptOperator(log);
        requireHead(log, stranger, 7, START);

        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.NotOperator.selector, log, operator, stranger));
        anchorSecond(s);
        vm.prank(stranger);
        registry.anchor(log, s.second, s.secondRoot, s.firstRoot, s.proof);
        requireHead(log, stranger, 12, START);

        // The offer is used up: who took the log over and gave it away cannot take it back.
        vm.expectRevert(
            abi.encodeWithSelector(INotaryRegistry.NotProposedOperator.selector, log, stranger, address(0))
        );
        vm.prank(stranger);
        registry.acceptOperator(log);
    }

    /// @dev The slots that evidence in receipts is built on; they must never move.
    function test_storageLayout() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        vm.prank(operator);
        registry.proposeOperator(log, stranger);

        bytes32 id = LogId.unwrap(log);
        bytes32 head = vm.load(address(registry), keccak256(abi.encode(id, uint256(0))));
        vm.assertEq(uint256(head), uint256(uint160(operator)) | (uint256(7) << 160) | (uint256(START) << 208));
        bytes32 evidence = keccak256(abi.encode(uint256(7), keccak256(abi.encode(id, uint256(1)))));
        vm.assertEq(vm.load(address(registry), evidence), keccak256(abi.encode(s.firstRoot, uint256(START))));
        bytes32 proposed = vm.load(address(registry), keccak256(abi.encode(id, uint256(2))));
        vm.assertEq(uint256(proposed), uint256(uint160(stranger)));
    }

    /// @dev A size whose bit length is as random as the size, so that small trees come up too.
    function _anySize(uint256 x, uint48 limit) private pure returns (uint48) {
        return uint48(bound(x >> 8, 1, (uint256(limit) >> (x % 48)) | 1));
    }

    function _anyStep(bytes32 seed, uint256 first, uint256 growth) private pure returns (Step memory) {
        uint48 from = _anySize(first, LARGEST - 1);
        return step(seed, from, from + _anySize(growth, LARGEST - from));
    }
}
