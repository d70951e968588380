// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {MerkleProofs} from "../../../contracts/libraries/MerkleProofs.sol";
import {Rfc9162} from "./Rfc9162.sol";

/// @notice The library as a contract, because it reads proofs from calldata.
contract MerkleProofsHarness {
    function consistencyRoots(uint256 first, uint256 second, bytes32 firstHash, bytes32[] calldata proof)
        external
        view
        returns (uint256 wanted, bytes32 fr, bytes32 sr)
    {
        return MerkleProofs.consistencyRoots(first, second, firstHash, proof);
    }

    function verifyInclusion(uint256 index, uint256 size, bytes32 leafHash, bytes32 root, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleProofs.verifyInclusion(index, size, leafHash, root, proof);
    }

    /// @notice The same work in plain Solidity, word by word; what docs/gas.md compares the assembly with.
    function plainConsistency(
        uint256 first,
        uint256 second,
        bytes32 firstHash,
        bytes32 secondHash,
        bytes32[] calldata proof
    ) external pure returns (bool) {
        return Rfc9162.verifyConsistency(first, second, firstHash, secondHash, proof);
    }

    /// @notice The free memory pointer after the assembly, which borrows its place; and a string made after it.
    function memoryAfter(uint256 first, uint256 second, bytes32 firstHash, bytes32[] calldata proof)
        external
        view
        returns (bool unmoved, bytes memory text)
    {
        bytes memory before = bytes.concat("made before ", firstHash);
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := mload(0x40)
        }
        (, bytes32 fr,) = MerkleProofs.consistencyRoots(first, second, firstHash, proof);
        assembly ("memory-safe") {
            unmoved := eq(pointer, mload(0x40))
        }
        text = bytes.concat(before, fr);
    }
}
