// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Proofs of RFC 9162 section 2.1 over SHA-256
/// @notice Inclusion (2.1.3.2) and consistency (2.1.4.2). The two numbers that a proof speaks of fix its length
/// exactly, so the length is checked first, and no proof costs more than its sizes allow.
///
/// Two clauses of the RFC have nothing left to do once the length is right, and are left out:
/// - "If sn is 0, then stop the iteration and fail" and, at the end, "that sn is 0": sn reaches 0 with the last value.
/// - The extra shifts after a value that meets fn == sn with LSB(fn) clear: they only look for the next set bit of fn.
///   Equal numbers stay equal under any shift, so every value from there on is hashed from the left all the same.
/// The tests hold both functions against literal transcriptions of the RFC.
library MerkleProofs {
    /// @notice Whether an inclusion proof leads from a leaf hash to a root (RFC 9162 2.1.3.2). Needs size < 2^64.
    function verifyInclusion(uint256 index, uint256 size, bytes32 leafHash, bytes32 root, bytes32[] calldata proof)
        internal
        view
        returns (bool)
    {
        // 1. If leaf_index is greater than or equal to tree_size, then fail the proof verification.
        if (index >= size) return false;
        unchecked {
            // 2. Set fn to leaf_index and sn to tree_size - 1.
            uint256 fn = index;
            uint256 sn = size - 1;
            if (proof.length != _bitCount(_smear(fn ^ sn) | fn)) return false;
            // 3. Set r to hash.
            bytes32 r = leafHash;
            // 4. For each value p in the inclusion_path array:
            for (uint256 i = 0; i < proof.length; ++i) {
                bytes32 p = proof[i];
                // 4.b. If LSB(fn) is set, or if fn is equal to sn, then set r to HASH(0x01 || p || r).
                // Otherwise, set r to HASH(0x01 || r || p).
                r = fn & 1 == 1 || fn == sn ? _node(p, r) : _node(r, p);
                // 4.c. Finally, right-shift both fn and sn one time.
                fn >>= 1;
                sn >>= 1;
            }
            // 5. Compare r against the root_hash.
            return r == root;
        }
    }

    /// @notice The two roots that a consistency proof leads to (RFC 9162 2.1.4.2). It holds when they are as claimed.
    /// @dev Needs 0 < first < second < 2^64. Where the RFC shifts fn and sn to the right and looks at LSB(fn), here fn
    /// and sn stay, and `bit` walks to the left over them.
    /// @return wanted The length that the proof must have. With any other nothing is hashed, and the roots are zero.
    /// @return fr Root at the size `first`.
    /// @return sr Root at the size `second`.
    function consistencyRoots(uint256 first, uint256 second, bytes32 firstHash, bytes32[] calldata proof)
        internal
        view
        returns (uint256 wanted, bytes32 fr, bytes32 sr)
    {
        unchecked {
            // 3. Set fn to first - 1 and sn to second - 1.
            uint256 fn = first - 1;
            // One bit for each level on which fn and sn, shifted so far, are not equal.
            uint256 differ = _smear(fn ^ (second - 1));
            // 4. If LSB(fn) is set, then right-shift both fn and sn equally until LSB(fn) is not set.
            // The low ones of first - 1 are the low zeros of first: the walk starts at the lowest set bit of first.
            uint256 bit = first & (0 - first);
            // One value for each such level from there on; above, where they are equal, one for each set bit of fn.
            wanted = _bitCount((differ | fn) & (0 - bit));
            // 2. If first is an exact power of 2, then prepend first_hash to the consistency_path array.
            bool whole = first == bit;
            if (!whole) ++wanted;
            // 1. If consistency_path is an empty array, stop and fail the proof verification (or of any wrong length).
            if (proof.length != wanted) return (wanted, 0, 0);
            (fr, sr) = _climb(bit, fn, differ, whole, firstHash, proof);
        }
    }

    /// @dev 2.1.4.2, clauses 5 and 6: up from a node that both trees share, which is `shared` if `whole`, and else the
    /// first value of the proof. In assembly because every anchor pays for it: docs/gas.md compares it with plain
    /// Solidity. Both running hashes stay in memory where the precompile wants them, in two inputs of 65 bytes:
    ///   0x1f  01 | left | right   for sr, whose place depends on the bit of fn
    ///   node  01 | c    | fr      for fr, which is always on the right
    /// The first lies over the free memory pointer (0x40), which is put back; the second lies past that pointer.
    function _climb(uint256 bit, uint256 fn, uint256 differ, bool whole, bytes32 shared, bytes32[] calldata proof)
        private
        view
        returns (bytes32 fr, bytes32 sr)
    {
        assembly ("memory-safe") {
            let next := proof.offset
            let end := add(next, shl(5, proof.length))
            // 5. Set both fr and sr to the first value in the consistency_path array.
            if iszero(whole) {
                shared := calldataload(next)
                next := add(next, 0x20)
            }
            let node := mload(0x40)
            mstore8(node, 0x01)
            mstore(add(node, 0x21), shared)
            mstore8(0x1f, 0x01)
            mstore(0x20, shared)
            // 6. For each subsequent value c in the consistency_path array: while fn is not equal to sn
            for {} and(bit, differ) {} {
                switch and(bit, fn)
                case 0 {
                    // 6.b. Otherwise: i. Set sr to HASH(0x01 || sr || c).
                    mstore(0x40, calldataload(next))
                }
                default {
                    // 6.b. If LSB(fn) is set: i. Set fr to HASH(0x01 || c || fr). ii. Set sr to HASH(0x01 || c || sr).
                    let c := calldataload(next)
                    mstore(add(node, 0x01), c)
                    pop(staticcall(gas(), 0x02, node, 0x41, add(node, 0x21), 0x20))
                    mstore(0x40, mload(0x20))
                    mstore(0x20, c)
                }
                pop(staticcall(gas(), 0x02, 0x1f, 0x41, 0x20, 0x20))
                // 6.c. Finally, right-shift both fn and sn one time.
                bit := shl(1, bit)
                next := add(next, 0x20)
            }
            // 6.b. If fn is equal to sn: i. and ii. for every value that is left.
            mstore(0x40, mload(0x20))
            for {} lt(next, end) { next := add(next, 0x20) } {
                let c := calldataload(next)
                mstore(add(node, 0x01), c)
                mstore(0x20, c)
                pop(staticcall(gas(), 0x02, node, 0x41, add(node, 0x21), 0x20))
                pop(staticcall(gas(), 0x02, 0x1f, 0x41, 0x40, 0x20))
            }
            fr := mload(add(node, 0x21))
            sr := mload(0x40)
            mstore(0x40, node)
            // Why no call is checked by itself: the precompile fails only for want of gas, and then the 1/64 that is
            // kept back of too little gas for one hash ends the transaction. On a chain without it no call answers, nor
            // does the last one; there is at least one, because fn < sn.
            if iszero(eq(returndatasize(), 0x20)) { revert(0, 0) }
        }
    }

    /// @dev All bits up to the highest set bit of a 64-bit number.
    function _smear(uint256 x) private pure returns (uint256) {
        x |= x >> 1;
        x |= x >> 2;
        x |= x >> 4;
        x |= x >> 8;
        x |= x >> 16;
        return x | (x >> 32);
    }

    /// @dev Number of set bits of a 64-bit number: counts in pairs, nibbles and bytes, then the sum of the bytes, which
    /// is what a number leaves modulo 255.
    function _bitCount(uint256 x) private pure returns (uint256) {
        unchecked {
            x -= (x >> 1) & 0x5555555555555555;
            x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
            x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
            return x % 255;
        }
    }

    /// @dev SHA-256(0x01 || left || right), without the memory that `sha256(abi.encodePacked(...))` takes for each
    /// node.
    function _node(bytes32 left, bytes32 right) private view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore8(input, 0x01)
            mstore(add(input, 0x01), left)
            mstore(add(input, 0x21), right)
            // Arguments are evaluated from the right: the call comes before its returndatasize.
            let answered := and(eq(returndatasize(), 0x20), staticcall(gas(), 0x02, input, 0x41, 0x00, 0x20))
            if iszero(answered) { revert(0, 0) }
            hash := mload(0x00)
        }
    }
}
