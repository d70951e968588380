// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice An RFC 9162 tree that only grows, and remembers its complete subtrees; the model that a log is held against.
contract GrowingTree {
    bytes32 private immutable _seed;
    mapping(uint256 begin => mapping(uint256 end => bytes32)) private _complete;
    uint256 public size;

    constructor(bytes32 seed) {
        _seed = seed;
    }

    /// @notice Adds 2^level leaves at once, whose own subtree stays unknown; the level is lowered until it fits the
    /// size.
    function append(uint256 level) external {
        while (size % (1 << level) != 0) --level;
        uint256 begin = size;
        uint256 length = 1 << level;
        size += length;
        bytes32 node = keccak256(abi.encode(_seed, begin, length));
        _complete[begin][begin + length] = node;
        while (begin / length % 2 == 1) {
            begin -= length;
            node = _node(_complete[begin][begin + length], node);
            length *= 2;
            _complete[begin][begin + length] = node;
        }
    }

    /// @notice MTH(D[0:end]); `end` is a size that the tree has had.
    function root(uint256 end) external view returns (bytes32) {
        return _hash(0, end);
    }

    /// @notice PROOF(first, D[second]), RFC 9162 section 2.1.4.1; both are sizes that the tree has had.
    function proof(uint256 first, uint256 second) external view returns (bytes32[] memory result) {
        bytes32[] memory fromTheTop = new bytes32[](64);
        uint256 count = 0;
        uint256 begin = 0;
        uint256 end = second;
        while (end != first) {
            uint256 middle = _middle(begin, end);
            if (first <= middle) {
                fromTheTop[count++] = _hash(middle, end);
                end = middle;
            } else {
                fromTheTop[count++] = _hash(begin, middle);
                begin = middle;
            }
        }
        if (begin != 0) fromTheTop[count++] = _hash(begin, end);
        result = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) result[i] = fromTheTop[count - 1 - i];
    }

    function _hash(uint256 begin, uint256 end) private view returns (bytes32) {
        bytes32 known = _complete[begin][end];
        if (known != 0) return known;
        uint256 middle = _middle(begin, end);
        return _node(_hash(begin, middle), _hash(middle, end));
    }

    function _middle(uint256 begin, uint256 end) private pure returns (uint256) {
        uint256 half = 1;
        while (half * 2 < end - begin) half *= 2;
        return begin + half;
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(bytes.concat(hex"01", left, right));
    }
}
