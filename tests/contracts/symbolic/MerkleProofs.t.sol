// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {MerkleProofsHarness} from "../support/MerkleProofsHarness.sol";
import {ModelTree} from "./support/ModelTree.sol";

/// @notice The library for all leaves, hashes and proofs of all trees up to LARGEST.
contract MerkleProofsSymbolic is ModelTree {
    MerkleProofsHarness private harness = new MerkleProofsHarness();

    /// @dev The roots are those that the definition of the proof leads to, whatever the values of the proof.
    function check_consistency_rootsAreThoseOfTheDefinition(
        uint256 first,
        uint256 second,
        bytes32 firstHash,
        bytes32[LONGEST] calldata path
    ) external view {
        (first, second) = _twoSizes(first, second);
        uint256 count = consistencyLength(first, second, true);
        (uint256 wanted, bytes32 fr, bytes32 sr) =
            harness.consistencyRoots(first, second, firstHash, firstOf(path, count));
        (bytes32 older, bytes32 newer) = provenRoots(first, second, true, firstHash, path, count);
        vm.assertEq(wanted, count);
        vm.assertEq(fr, older);
        vm.assertEq(sr, newer);
    }

    /// @dev Promise 2: with the root of a tree, only the root over its first leaves is consistent.
    function check_consistency_oldTreeIsAPrefix(
        uint256 first,
        uint256 second,
        bytes32 firstHash,
        bytes32[LARGEST] calldata leaves,
        bytes32[LONGEST] calldata path
    ) external view {
        (first, second) = _twoSizes(first, second);
        uint256 count = consistencyLength(first, second, true);
        (, bytes32 fr, bytes32 sr) = harness.consistencyRoots(first, second, firstHash, firstOf(path, count));
        provenRoots(first, second, true, firstHash, path, count);
        bool accepted = fr == firstHash && sr == treeHash(leaves, 0, second);
        if (accepted) vm.assertEq(firstHash, treeHash(leaves, 0, first));
    }

    /// @dev Without this one, a verifier that refuses everything would pass.
    function check_consistency_honestProofHolds(uint256 first, uint256 second, bytes32[LARGEST] calldata leaves)
        external
        view
    {
        (first, second) = _twoSizes(first, second);
        bytes32[] memory path = new bytes32[](consistencyLength(first, second, true));
        consistencyProof(leaves, first, 0, second, true, path);
        bytes32 firstHash = treeHash(leaves, 0, first);
        (, bytes32 fr, bytes32 sr) = harness.consistencyRoots(first, second, firstHash, path);
        vm.assertEq(fr, firstHash);
        vm.assertEq(sr, treeHash(leaves, 0, second));
    }

    function check_consistency_wrongLengthLeadsNowhere(
        uint256 first,
        uint256 second,
        uint256 length,
        bytes32 firstHash,
        bytes32[LONGEST] calldata path
    ) external view {
        (first, second) = _twoSizes(first, second);
        length = eachOf(length, 0, LONGEST);
        if (length == consistencyLength(first, second, true)) return;
        (, bytes32 fr, bytes32 sr) = harness.consistencyRoots(first, second, firstHash, firstOf(path, length));
        vm.assertEq(fr, 0);
        vm.assertEq(sr, 0);
    }

    /// @dev A proof is taken exactly when it leads to the root by the definition.
    function check_inclusion_holdsByTheDefinition(
        uint256 index,
        uint256 size,
        bytes32 leaf,
        bytes32 root,
        bytes32[LONGEST] calldata path
    ) external view {
        (index, size) = _indexAndSize(index, size);
        uint256 count = inclusionLength(index, size);
        bool accepted = harness.verifyInclusion(index, size, leaf, root, firstOf(path, count));
        vm.assertEq(accepted, includingRoot(index, size, leaf, path, count) == root);
    }

    /// @dev With the root of a tree, only its own leaf is included at an index.
    function check_inclusion_leafIsTheOneAtTheIndex(
        uint256 index,
        uint256 size,
        bytes32 leaf,
        bytes32[LARGEST] calldata leaves,
        bytes32[LONGEST] calldata path
    ) external view {
        (index, size) = _indexAndSize(index, size);
        uint256 count = inclusionLength(index, size);
        includingRoot(index, size, leaf, path, count);
        bytes32 root = treeHash(leaves, 0, size);
        if (harness.verifyInclusion(index, size, leaf, root, firstOf(path, count))) {
            vm.assertEq(leaf, leaves[index]);
        }
    }

    function check_inclusion_wrongLengthIsRefused(
        uint256 index,
        uint256 size,
        uint256 length,
        bytes32 leaf,
        bytes32 root,
        bytes32[LONGEST] calldata path
    ) external view {
        (index, size) = _indexAndSize(index, size);
        length = eachOf(length, 0, LONGEST);
        if (length == inclusionLength(index, size)) return;
        vm.assertFalse(harness.verifyInclusion(index, size, leaf, root, firstOf(path, length)));
    }

    /// @dev Any numbers, not only small ones.
    function check_inclusion_indexOutsideIsRefused(
        uint256 index,
        uint256 size,
        bytes32 leaf,
        bytes32 root,
        bytes32[LONGEST] calldata path
    ) external view {
        vm.assume(index >= size);
        vm.assertFalse(harness.verifyInclusion(index, size, leaf, root, firstOf(path, LONGEST)));
    }

    function _twoSizes(uint256 first, uint256 second) private pure returns (uint256, uint256) {
        second = eachOf(second, 2, LARGEST);
        return (eachOf(first, 1, second - 1), second);
    }

    function _indexAndSize(uint256 index, uint256 size) private pure returns (uint256, uint256) {
        size = eachOf(size, 1, LARGEST);
        return (eachOf(index, 0, size - 1), size);
    }
}
