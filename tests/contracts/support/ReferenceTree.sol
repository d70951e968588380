// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title RFC 9162 section 2.1, written as the RFC defines it: from the top down, by recursion over ranges of leaves
/// @notice Trees of any size without their leaves: a complete subtree that no cut goes through has a pseudo-random
/// hash. The cuts are the sizes whose roots are asked for, and `index` and `index + 1` for each leaf that is proved.
library ReferenceTree {
    struct Tree {
        bytes32 seed;
        uint256[] cuts;
    }

    /// @notice A tree that can be asked for its roots at two sizes, and for the proof between them.
    function between(bytes32 seed, uint256 first, uint256 second) internal pure returns (Tree memory tree) {
        tree = Tree(seed, new uint256[](2));
        (tree.cuts[0], tree.cuts[1]) = (first, second);
    }

    /// @notice A tree that can be asked for its root at one size, for a leaf, and for the proof of that leaf.
    function around(bytes32 seed, uint256 index, uint256 size) internal pure returns (Tree memory tree) {
        tree = Tree(seed, new uint256[](3));
        (tree.cuts[0], tree.cuts[1], tree.cuts[2]) = (index, index + 1, size);
    }

    /// @notice MTH(D[begin:end]), section 2.1.1.
    function hash(Tree memory tree, uint256 begin, uint256 end) internal pure returns (bytes32) {
        uint256 length = end - begin;
        if (length == 1 || (length & (length - 1) == 0 && !_isCut(tree, begin, end))) {
            return sha256(abi.encode(tree.seed, begin, end));
        }
        uint256 middle = begin + _split(length);
        return sha256(bytes.concat(hex"01", hash(tree, begin, middle), hash(tree, middle, end)));
    }

    /// @notice PATH(index, D[begin:end]), section 2.1.3.1; index counts from the beginning of the log.
    function path(Tree memory tree, uint256 index, uint256 begin, uint256 end)
        internal
        pure
        returns (bytes32[] memory)
    {
        if (end - begin == 1) return new bytes32[](0);
        uint256 middle = begin + _split(end - begin);
        return index < middle
            ? _append(path(tree, index, begin, middle), hash(tree, middle, end))
            : _append(path(tree, index, middle, end), hash(tree, begin, middle));
    }

    /// @notice PROOF(first, D[second]), section 2.1.4.1.
    function proof(Tree memory tree, uint256 first, uint256 second) internal pure returns (bytes32[] memory) {
        return _subproof(tree, first, 0, second, true);
    }

    function _subproof(Tree memory tree, uint256 m, uint256 begin, uint256 end, bool complete)
        private
        pure
        returns (bytes32[] memory)
    {
        if (m == end) return complete ? new bytes32[](0) : _append(new bytes32[](0), hash(tree, begin, end));
        uint256 middle = begin + _split(end - begin);
        return m <= middle
            ? _append(_subproof(tree, m, begin, middle, complete), hash(tree, middle, end))
            : _append(_subproof(tree, m, middle, end, false), hash(tree, begin, middle));
    }

    /// @dev The largest power of two smaller than n.
    function _split(uint256 n) private pure returns (uint256 k) {
        k = 1;
        while (k << 1 < n) k <<= 1;
    }

    function _isCut(Tree memory tree, uint256 begin, uint256 end) private pure returns (bool) {
        for (uint256 i = 0; i < tree.cuts.length; ++i) {
            if (begin < tree.cuts[i] && tree.cuts[i] < end) return true;
        }
        return false;
    }

    function _append(bytes32[] memory list, bytes32 value) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) longer[i] = list[i];
        longer[list.length] = value;
    }
}
