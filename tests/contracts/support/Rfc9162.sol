// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title The verification algorithms of RFC 9162, copied word by word; what the library must agree with
library Rfc9162 {
    /// @notice Section 2.1.3.2.
    function verifyInclusion(uint256 index, uint256 size, bytes32 leafHash, bytes32 root, bytes32[] memory path)
        internal
        pure
        returns (bool)
    {
        // 1. Compare leaf_index from the inclusion_proof_v2 structure against tree_size. If leaf_index is greater than
        // or equal to tree_size, then fail the proof verification.
        if (index >= size) return false;
        // 2. Set two variables, fn and sn: fn is set to leaf_index, and sn is set to tree_size - 1.
        uint256 fn = index;
        uint256 sn = size - 1;
        // 3. Set r to hash.
        bytes32 r = leafHash;
        // 4. For each value p in the inclusion_path array:
        for (uint256 i = 0; i < path.length; ++i) {
            bytes32 p = path[i];
            // a. If sn is 0, then stop the iteration and fail the proof verification.
            if (sn == 0) return false;
            // b. If LSB(fn) is set, or if fn is equal to sn, then:
            if (fn & 1 == 1 || fn == sn) {
                // i. Set r to HASH(0x01 || p || r).
                r = _hash(p, r);
                // ii. If LSB(fn) is not set, then right-shift both fn and sn equally until either LSB(fn) is set or fn
                // is 0.
                while (fn & 1 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            } else {
                // Otherwise: i. Set r to HASH(0x01 || r || p).
                r = _hash(r, p);
            }
            // c. Finally, right-shift both fn and sn one time.
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        // 5. Compare sn to 0. Compare r against the root_hash. If sn is equal to 0 and r and the root_hash are equal,
        // then the log has proven the inclusion of hash. Otherwise, fail the proof verification.
        return sn == 0 && r == root;
    }

    /// @notice Section 2.1.4.2.
    function verifyConsistency(
        uint256 first,
        uint256 second,
        bytes32 firstHash,
        bytes32 secondHash,
        bytes32[] memory path
    ) internal pure returns (bool) {
        // 1. If consistency_path is an empty array, stop and fail the proof verification.
        if (path.length == 0) return false;
        // 2. If first is an exact power of 2, then prepend first_hash to the consistency_path array.
        if (first & (first - 1) == 0) {
            bytes32[] memory longer = new bytes32[](path.length + 1);
            longer[0] = firstHash;
            for (uint256 i = 0; i < path.length; ++i) longer[i + 1] = path[i];
            path = longer;
        }
        // 3. Set two variables, fn and sn: fn is set to first - 1, and sn is set to second - 1.
        uint256 fn = first - 1;
        uint256 sn = second - 1;
        // 4. If LSB(fn) is set, then right-shift both fn and sn equally until LSB(fn) is not set.
        while (fn & 1 == 1) (fn, sn) = (fn >> 1, sn >> 1);
        // 5. Set both fr and sr to the first value in the consistency_path array.
        bytes32 fr = path[0];
        bytes32 sr = path[0];
        // 6. For each subsequent value c in the consistency_path array:
        for (uint256 i = 1; i < path.length; ++i) {
            bytes32 c = path[i];
            // a. If sn is 0, then stop the iteration and fail the proof verification.
            if (sn == 0) return false;
            // b. If LSB(fn) is set, or if fn is equal to sn, then:
            if (fn & 1 == 1 || fn == sn) {
                // i. Set fr to HASH(0x01 || c || fr).
                fr = _hash(c, fr);
                // ii. Set sr to HASH(0x01 || c || sr).
                sr = _hash(c, sr);
                // iii. If LSB(fn) is not set, then right-shift both fn and sn equally until either LSB(fn) is set or fn
                // is 0.
                while (fn & 1 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            } else {
                // Otherwise: i. Set sr to HASH(0x01 || sr || c).
                sr = _hash(sr, c);
            }
            // c. Finally, right-shift both fn and sn one time.
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        // 7. After completing iterating through the consistency_path array as described above, verify that the fr
        // calculated is equal to the first_hash supplied, that the sr calculated is equal to the second_hash supplied,
        // and that sn is 0.
        return fr == firstHash && sr == secondHash && sn == 0;
    }

    function _hash(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(bytes.concat(hex"01", left, right));
    }
}
