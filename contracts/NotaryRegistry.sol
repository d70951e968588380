// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INotaryRegistry, LogId} from "./INotaryRegistry.sol";
import {MerkleProofs} from "./libraries/MerkleProofs.sol";

/// @title Loan Notary registry
/// @notice See {INotaryRegistry}, which says what each function promises.
contract NotaryRegistry is INotaryRegistry {
    /// @dev This structure fits into a single slot:  time(48) | size(48) | operator(160).
    struct Head {
        address operator;
        uint48 size;
        uint48 time;
    }

    /// @dev Slot 0. A log exists when its operator is not zero.
    mapping(LogId => Head) private _heads;

    /// @dev Slot 1. Size => keccak256(root || uint256(time)). Written once a size, because sizes only grow.
    mapping(LogId => mapping(uint48 => bytes32)) private _commitments;

    /// @dev Slot 2.
    mapping(LogId => address) private _proposedOperators;

    /// @inheritdoc INotaryRegistry
    function register(string calldata origin) external returns (LogId log) {
        if (bytes(origin).length == 0) revert EmptyOrigin();
        log = logIdOf(msg.sender, origin);
        if (_heads[log].operator != address(0)) revert LogExists(log);

        _heads[log].operator = msg.sender;
        emit LogRegistered(log, msg.sender, origin);
    }

    /// @inheritdoc INotaryRegistry
    function anchor(LogId log, uint48 size, bytes32 root, bytes32 previousRoot, bytes32[] calldata proof) external {
        Head storage current = _heads[log];
        address operator = current.operator;
        if (operator == address(0) || msg.sender != operator) _refuseCaller(log, operator);
        uint48 headSize = current.size;
        if (size <= headSize) revert SizeNotGrowing(size, headSize);
        if (root == 0) revert ZeroRoot();
        mapping(uint48 => bytes32) storage commitments = _commitments[log];
        if (headSize == 0) {
            if (previousRoot != 0 || proof.length != 0) revert UnexpectedProof();
        } else {
            if (commitments[headSize] != _commitment(previousRoot, current.time)) {
                revert PreviousRootMismatch(log, headSize, previousRoot);
            }
            _requireConsistent(headSize, size, previousRoot, root, proof);
        }

        // Safe narrowing: 2^48 seconds are nine million years.
        uint48 time = uint48(block.timestamp);
        current.size = size;
        current.time = time;
        commitments[size] = _commitment(root, time);
        emit Anchored(log, size, root, time);
    }

    /// @inheritdoc INotaryRegistry
    function proposeOperator(LogId log, address operator) external {
        address current = _heads[log].operator;
        if (current == address(0) || msg.sender != current) _refuseCaller(log, current);

        _proposedOperators[log] = operator;
        emit OperatorProposed(log, operator);
    }

    /// @inheritdoc INotaryRegistry
    function acceptOperator(LogId log) external {
        if (_heads[log].operator == address(0)) revert UnknownLog(log);
        address proposed = _proposedOperators[log];
        if (msg.sender != proposed) revert NotProposedOperator(log, msg.sender, proposed);

        delete _proposedOperators[log];
        _heads[log].operator = msg.sender;
        emit OperatorChanged(log, msg.sender);
    }

    /// @inheritdoc INotaryRegistry
    function head(LogId log) external view returns (address operator, uint48 size, uint48 time) {
        Head memory current = _heads[log];
        return (current.operator, current.size, current.time);
    }

    /// @inheritdoc INotaryRegistry
    function verifyInclusion(
        LogId log,
        uint48 size,
        bytes32 root,
        uint48 time,
        uint48 index,
        bytes32 leafHash,
        bytes32[] calldata proof
    ) external view returns (bool) {
        return isAnchored(log, size, root, time) && MerkleProofs.verifyInclusion(index, size, leafHash, root, proof);
    }

    /// @inheritdoc INotaryRegistry
    function isAnchored(LogId log, uint48 size, bytes32 root, uint48 time) public view returns (bool) {
        return _commitments[log][size] == _commitment(root, time);
    }

    /// @inheritdoc INotaryRegistry
    function logIdOf(address registrant, string calldata origin) public pure returns (LogId) {
        return LogId.wrap(keccak256(abi.encode(registrant, origin)));
    }

    /// @dev For a caller who is not the operator, or a log that has none.
    function _refuseCaller(LogId log, address operator) private view {
        if (operator == address(0)) revert UnknownLog(log);
        revert NotOperator(log, msg.sender, operator);
    }

    /// @dev RFC 9162 2.1.4.2, clauses 1 and 7: the right length, and both roots as claimed. Proofs of a wrong length
    /// lead to zero roots, and no anchored root is zero.
    function _requireConsistent(
        uint48 first,
        uint48 second,
        bytes32 firstHash,
        bytes32 secondHash,
        bytes32[] calldata proof
    ) private view {
        (uint256 wanted, bytes32 fr, bytes32 sr) = MerkleProofs.consistencyRoots(first, second, firstHash, proof);
        if (fr != firstHash || sr != secondHash) {
            if (proof.length != wanted) revert ProofLength(proof.length, wanted);
            revert InconsistentRoots(fr, sr);
        }
    }

    /// @dev keccak256(root || uint256(time)).
    function _commitment(bytes32 root, uint256 time) private pure returns (bytes32 commitment) {
        assembly ("memory-safe") {
            mstore(0x00, root)
            mstore(0x20, time)
            commitment := keccak256(0x00, 0x40)
        }
    }
}
