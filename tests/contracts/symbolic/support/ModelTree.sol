// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {SymbolicTest} from "./SymbolicTest.sol";

/// @notice RFC 9162 section 2.1 from the top down, over leaf hashes that are any values, with a hash free of collisions.
///
/// Halmos knows nothing of SHA-256 but that equal inputs have equal hashes: for each length of input it is a function
/// of its own, of which nothing is given. {node} adds what a proof stands on: the two children can be told from their
/// parent. "The left child of" and "the right child of" are two more unknown functions; SHA-256 of 33 bytes serves as
/// such, because nothing in the contracts hashes 33 bytes.
abstract contract ModelTree is SymbolicTest {
    /// @dev SHA-256(0x01 || left || right), assumed to meet no other node with other children.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 parent) {
        parent = sha256(bytes.concat(hex"01", left, right));
        vm.assume(sha256(bytes.concat(parent, "l")) == left);
        vm.assume(sha256(bytes.concat(parent, "r")) == right);
    }

    /// @dev MTH(D[begin:end]), section 2.1.1.
    function treeHash(bytes32[LARGEST] calldata leaves, uint256 begin, uint256 end) internal pure returns (bytes32) {
        if (end - begin == 1) return leaves[begin];
        uint256 middle = begin + split(end - begin);
        return node(treeHash(leaves, begin, middle), treeHash(leaves, middle, end));
    }

    /// @dev The length of PROOF(first, D[size]) or of its SUBPROOF, section 2.1.4.1. `whole` is the RFC's b.
    function consistencyLength(uint256 first, uint256 size, bool whole) internal pure returns (uint256) {
        if (first == size) return whole ? 0 : 1;
        uint256 k = split(size);
        return 1 + (first <= k ? consistencyLength(first, k, whole) : consistencyLength(first - k, size - k, false));
    }

    /// @dev The two roots that follow from SUBPROOF(first, D[size], whole) = path[0:count], section 2.1.4.1 read
    /// backwards: the last value is the half that the recursion left out.
    function provenRoots(
        uint256 first,
        uint256 size,
        bool whole,
        bytes32 firstHash,
        bytes32[LONGEST] calldata path,
        uint256 count
    ) internal pure returns (bytes32 older, bytes32 newer) {
        if (first == size) {
            older = whole ? firstHash : path[0];
            return (older, older);
        }
        uint256 k = split(size);
        bytes32 other = path[count - 1];
        if (first <= k) {
            (older, newer) = provenRoots(first, k, whole, firstHash, path, count - 1);
            return (older, node(newer, other));
        }
        (older, newer) = provenRoots(first - k, size - k, false, firstHash, path, count - 1);
        return (node(other, older), node(other, newer));
    }

    /// @dev PROOF(first, D[begin:end]), section 2.1.4.1, into `path`; gives the number of values.
    function consistencyProof(
        bytes32[LARGEST] calldata leaves,
        uint256 first,
        uint256 begin,
        uint256 end,
        bool whole,
        bytes32[] memory path
    ) internal pure returns (uint256 count) {
        if (first == end - begin) {
            if (whole) return 0;
            path[0] = treeHash(leaves, begin, end);
            return 1;
        }
        uint256 middle = begin + split(end - begin);
        if (first <= middle - begin) {
            count = consistencyProof(leaves, first, begin, middle, whole, path);
            path[count] = treeHash(leaves, middle, end);
        } else {
            count = consistencyProof(leaves, begin + first - middle, middle, end, false, path);
            path[count] = treeHash(leaves, begin, middle);
        }
        return count + 1;
    }

    /// @dev The length of PATH(index, D[size]), section 2.1.3.1.
    function inclusionLength(uint256 index, uint256 size) internal pure returns (uint256) {
        if (size == 1) return 0;
        uint256 k = split(size);
        return 1 + (index < k ? inclusionLength(index, k) : inclusionLength(index - k, size - k));
    }

    /// @dev The root that follows from PATH(index, D[size]) = path[0:count], section 2.1.3.1 read backwards.
    function includingRoot(
        uint256 index,
        uint256 size,
        bytes32 leaf,
        bytes32[LONGEST] calldata path,
        uint256 count
    ) internal pure returns (bytes32) {
        if (size == 1) return leaf;
        uint256 k = split(size);
        bytes32 other = path[count - 1];
        if (index < k) return node(includingRoot(index, k, leaf, path, count - 1), other);
        return node(other, includingRoot(index - k, size - k, leaf, path, count - 1));
    }

    /// @dev The k of the RFC: the largest power of two smaller than n.
    function split(uint256 n) internal pure returns (uint256 k) {
        k = 1;
        while (k * 2 < n) k *= 2;
    }
}
