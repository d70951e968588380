// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {MerkleProofsHarness} from "./support/MerkleProofsHarness.sol";
import {ReferenceTree} from "./support/ReferenceTree.sol";
import {Rfc9162} from "./support/Rfc9162.sol";
import {Test} from "./support/Test.sol";

/// @notice The library against the definitions of RFC 9162 (proofs made from the top down) and its algorithms (word by
/// word).
contract MerkleProofsTest is Test {
    using ReferenceTree for ReferenceTree.Tree;

    uint256 private constant LARGEST = type(uint48).max;
    MerkleProofsHarness private harness = new MerkleProofsHarness();

    function test_consistency_allSmallTrees() public view {
        for (uint256 second = 2; second <= 20; ++second) {
            for (uint256 first = 1; first < second; ++first) _checkConsistency("tree", first, second);
        }
    }

    /// @dev Sizes of one or two set bits, far apart: random ones never are.
    function test_consistency_aroundPowersOfTwo() public view {
        for (uint256 k = 2; k < 48; ++k) {
            for (uint256 first = 1; first <= 3; ++first) {
                for (uint256 more = 0; more < 3; ++more) _checkConsistency("tree", first, (1 << k) + more);
            }
        }
    }

    function testFuzz_consistency(bytes32 seed, uint256 first, uint256 second) public view {
        first = _any(first, LARGEST - 1);
        _checkConsistency(seed, first, first + _any(second, LARGEST - first));
    }

    /// @dev Any hashes of any number: the library says what the RFC says. Half of the cases are made to hold.
    function testFuzz_consistency_likeTheRfc(uint256 first, uint256 second, bytes32[] memory path, bool honest)
        public
        view
    {
        first = _any(first, LARGEST - 1);
        second = first + _any(second, LARGEST - first);
        (uint256 wanted,,) = harness.consistencyRoots(first, second, "first", path);
        if (honest) path = _resized(path, wanted);
        (, bytes32 fr, bytes32 sr) = harness.consistencyRoots(first, second, "first", path);
        bytes32 firstHash = honest ? fr : bytes32("first");
        bytes32 secondHash = honest ? sr : bytes32("second");
        bool accepted = path.length == wanted && fr == firstHash && sr == secondHash;
        vm.assertEq(accepted, honest);
        vm.assertEq(Rfc9162.verifyConsistency(first, second, firstHash, secondHash, path), accepted);
    }

    /// @dev The RFC refuses every length but the one that the library asks for.
    function testFuzz_consistency_lengthIsExact(uint256 first, uint256 second, uint256 length) public view {
        first = _any(first, LARGEST - 1);
        second = first + _any(second, LARGEST - first);
        bytes32[] memory path = new bytes32[](bound(length, 0, 100));
        (uint256 wanted, bytes32 fr, bytes32 sr) = harness.consistencyRoots(first, second, 0, path);
        if (path.length == wanted) return;
        vm.assertEq(fr, 0);
        vm.assertEq(sr, 0);
        vm.assertFalse(_rfcTakesTheLength(first, second, path));
    }

    function test_inclusion_allSmallTrees() public view {
        for (uint256 size = 1; size <= 20; ++size) {
            for (uint256 index = 0; index < size; ++index) _checkInclusion("tree", index, size);
        }
    }

    function test_inclusion_aroundPowersOfTwo() public view {
        for (uint256 k = 1; k < 48; ++k) {
            for (uint256 index = 0; index < 2; ++index) _checkInclusion("tree", index, (1 << k) + 1);
        }
    }

    function testFuzz_inclusion(bytes32 seed, uint256 index, uint256 size) public view {
        size = _any(size, LARGEST);
        _checkInclusion(seed, bound(index, 0, size - 1), size);
    }

    function testFuzz_inclusion_likeTheRfc(uint256 index, uint256 size, bytes32 leaf, bytes32[] memory path)
        public
        view
    {
        size = _any(size, LARGEST);
        index = bound(index, 0, size);
        for (uint256 length = 0; length <= 48; ++length) {
            path = _resized(path, length);
            bytes32 root = _rfcInclusionRoot(index, size, leaf, path);
            vm.assertEq(
                harness.verifyInclusion(index, size, leaf, root, path),
                Rfc9162.verifyInclusion(index, size, leaf, root, path)
            );
        }
    }

    function testFuzz_consistency_leavesMemoryAsItWas(bytes32 seed, uint256 first, uint256 second) public view {
        first = _any(first, LARGEST - 1);
        second = first + _any(second, LARGEST - first);
        ReferenceTree.Tree memory tree = ReferenceTree.between(seed, first, second);
        bytes32 root = tree.hash(0, first);
        (bool unmoved, bytes memory text) = harness.memoryAfter(first, second, root, tree.proof(first, second));
        vm.assertTrue(unmoved);
        vm.assertEq(keccak256(text), keccak256(bytes.concat("made before ", root, root)));
    }

    function _checkConsistency(bytes32 seed, uint256 first, uint256 second) private view {
        ReferenceTree.Tree memory tree = ReferenceTree.between(seed, first, second);
        bytes32[] memory proof = tree.proof(first, second);
        bytes32 firstHash = tree.hash(0, first);
        (uint256 wanted, bytes32 fr, bytes32 sr) = harness.consistencyRoots(first, second, firstHash, proof);
        vm.assertEq(wanted, proof.length);
        vm.assertEq(fr, firstHash);
        vm.assertEq(sr, tree.hash(0, second));
        vm.assertTrue(Rfc9162.verifyConsistency(first, second, fr, sr, proof));
    }

    function _checkInclusion(bytes32 seed, uint256 index, uint256 size) private view {
        ReferenceTree.Tree memory tree = ReferenceTree.around(seed, index, size);
        bytes32 leaf = tree.hash(index, index + 1);
        bytes32 root = tree.hash(0, size);
        bytes32[] memory path = tree.path(index, 0, size);
        vm.assertTrue(harness.verifyInclusion(index, size, leaf, root, path));
        vm.assertTrue(Rfc9162.verifyInclusion(index, size, leaf, root, path));
        vm.assertFalse(harness.verifyInclusion(index, size, leaf, ~root, path));
    }

    /// @dev Whether the algorithm of 2.1.4.2 gets to the comparison of roots; with the roots that it would then
    /// compute.
    function _rfcTakesTheLength(uint256 first, uint256 second, bytes32[] memory path) private pure returns (bool) {
        if (path.length == 0) return false;
        uint256 fn = first - 1;
        uint256 sn = second - 1;
        while (fn & 1 == 1) (fn, sn) = (fn >> 1, sn >> 1);
        for (uint256 i = first & (first - 1) == 0 ? 0 : 1; i < path.length; ++i) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                while (fn & 1 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            }
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0;
    }

    /// @dev The r of 2.1.3.2 where its loop ends.
    function _rfcInclusionRoot(uint256 index, uint256 size, bytes32 r, bytes32[] memory path)
        private
        pure
        returns (bytes32)
    {
        uint256 fn = index;
        uint256 sn = size - 1;
        for (uint256 i = 0; i < path.length; ++i) {
            bool left = fn & 1 == 1 || fn == sn;
            r = sha256(left ? bytes.concat(hex"01", path[i], r) : bytes.concat(hex"01", r, path[i]));
            if (left) while (fn & 1 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return r;
    }

    function _resized(bytes32[] memory list, uint256 length) private pure returns (bytes32[] memory result) {
        result = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) result[i] = i < list.length ? list[i] : keccak256(abi.encode(i));
    }

    /// @dev A number from 1 to the limit whose bit length is random too.
    function _any(uint256 x, uint256 limit) private pure returns (uint256) {
        return bound(x >> 8, 1, (limit >> (x % 48)) | 1);
    }
}
