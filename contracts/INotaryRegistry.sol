// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice Name of one log: keccak256(abi.encode(registrant, origin)). It never changes, whoever operates the log
/// later.
type LogId is bytes32;

/// @title Loan Notary registry
/// @notice Keeps the anchors of many append-only Merkle logs (RFC 9162 section 2.1, SHA-256). Each log has one
/// operator. An anchor is a (size, root, time): "at `time` the log held `size` entries, and `root` is the root hash
/// over them".
///
/// What a caller may rely on:
/// - A log only grows. Every anchor after the first was proven, on chain, to extend the anchor before it (RFC 9162
///   section 2.1.4.2), so no operator can rewrite or drop an entry that was anchored.
/// - What was anchored is confirmed by {isAnchored} for ever, from contract state alone; events may be pruned.
/// - Nobody can change these rules: there is no owner, no upgrade, no pause, and no function takes ether.
///
/// What a caller must not conclude:
/// - The registry does not see entries. That an anchored log is honest, complete or useful is the operator's claim.
/// - The first anchor of a log is accepted without proof. History starts there.
/// - That a tree has `size` entries is the operator's claim, as far as proofs for several sizes have the same shape: no
///   RFC 9162 root contains its size. An operator who claims a wrong one cannot prove the next anchor of an honest log.
/// - `time` is the timestamp of the anchoring block. It bounds the entries from above ("not later than"), not from
/// below.
///
/// Storage, for proofs against a block's state root (eth_getProof):
///   slot 0  mapping(LogId => Head)                         Head is one word: time(48) | size(48) | operator(160)
///   slot 1  mapping(LogId => mapping(uint48 => bytes32))   size => keccak256(root || uint256(time))
///   slot 2  mapping(LogId => address)                      operators proposed and not yet accepted
/// An anchor lives in slot keccak256(uint256(size) || keccak256(logId || uint256(1))).
interface INotaryRegistry {
    /// @notice Emitted once in the life of a log.
    event LogRegistered(LogId indexed log, address indexed operator, string origin);

    /// @notice Emitted for every accepted anchor.
    event Anchored(LogId indexed log, uint48 size, bytes32 root, uint48 time);

    /// @notice Emitted when the operator names a successor, or takes the offer back (`operator` is zero).
    event OperatorProposed(LogId indexed log, address indexed operator);

    /// @notice Emitted when the proposed operator took over.
    event OperatorChanged(LogId indexed log, address indexed operator);

    /// @notice Thrown when nobody has registered `log`.
    error UnknownLog(LogId log);

    /// @notice Thrown when the caller has registered this origin before.
    error LogExists(LogId log);

    /// @notice Thrown when a log is registered without a name.
    error EmptyOrigin();

    /// @notice Thrown when the caller is not the operator of the log.
    error NotOperator(LogId log, address caller, address operator);

    /// @notice Thrown when somebody else, or nobody (`proposed` is zero), was offered the log.
    error NotProposedOperator(LogId log, address caller, address proposed);

    /// @notice Thrown when the new size does not exceed the size of the head.
    error SizeNotGrowing(uint48 size, uint48 headSize);

    /// @notice Thrown when the root is zero, which no SHA-256 tree has.
    error ZeroRoot();

    /// @notice Thrown when `previousRoot` is not the root anchored at `headSize`.
    error PreviousRootMismatch(LogId log, uint48 headSize, bytes32 previousRoot);

    /// @notice Thrown when the consistency proof has not exactly the length that the two sizes ask for.
    error ProofLength(uint256 given, uint256 wanted);

    /// @notice Thrown when the proof leads to other roots than the ones claimed. Both computed roots are reported.
    error InconsistentRoots(bytes32 provenPrevious, bytes32 provenRoot);

    /// @notice Thrown when the first anchor of a log comes with a proof or a previous root: nothing precedes it.
    error UnexpectedProof();

    /// @notice Opens a log. The caller becomes its operator. The id is bound to the caller, so no name can be squatted.
    /// @param origin The name of the log as its checkpoints carry it (C2SP tlog-checkpoint). Not empty. Its length is
    /// paid for by the caller and not limited here.
    /// @return log The id, equal to {logIdOf} of the caller and the origin.
    function register(string calldata origin) external returns (LogId log);

    /// @notice Fixes a new (size, root) of the log at the time of this block.
    /// @dev Only the operator. Reverts, and changes nothing, unless the proof shows that the tree of `root` begins with
    /// the `headSize` entries of the tree of `previousRoot`.
    /// WARNING: the root of the first anchor is taken as given. An operator who anchors a wrong first root has to start
    /// a new log.
    /// @param log The log.
    /// @param size Number of entries; more than at the head.
    /// @param root RFC 9162 root hash over the first `size` entries.
    /// @param previousRoot Root anchored at the head; zero on the first anchor. The registry stores only its
    /// commitment.
    /// @param proof RFC 9162 section 2.1.4.1 consistency proof from the head's size to `size`; empty on the first
    /// anchor.
    function anchor(LogId log, uint48 size, bytes32 root, bytes32 previousRoot, bytes32[] calldata proof) external;

    /// @notice Offers the log to another operator, replacing any earlier offer. Zero takes the offer back.
    /// @dev Only the operator, who stays in charge until the offer is accepted.
    function proposeOperator(LogId log, address operator) external;

    /// @notice Takes over a log that was offered to the caller. The old operator loses every right to it at once.
    function acceptOperator(LogId log) external;

    /// @notice Operator and newest anchor of a log. All zero for a log nobody registered; `size` and `time` zero before
    /// the first anchor.
    function head(LogId log) external view returns (address operator, uint48 size, uint48 time);

    /// @notice Whether exactly this (size, root, time) was anchored. Never reverts; once true, true for ever.
    function isAnchored(LogId log, uint48 size, bytes32 root, uint48 time) external view returns (bool);

    /// @notice Whether an entry is in an anchored tree: (size, root, time) was anchored and the inclusion proof
    /// (RFC 9162 section 2.1.3.2) leads from the leaf to `root`. False, never a revert, for anything that does not
    /// hold. WARNING: `leafHash` is SHA-256(0x00 || entry). A contract that takes the hash from its user has proved
    /// nothing about an entry: take the entry and hash it.
    /// @param index Zero-based position of the entry in the log.
    /// @param leafHash RFC 9162 leaf hash of the entry.
    /// @param proof Sibling hashes from the leaf up to the root.
    function verifyInclusion(
        LogId log,
        uint48 size,
        bytes32 root,
        uint48 time,
        uint48 index,
        bytes32 leafHash,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice The id that `registrant` gets, or got, for `origin`.
    function logIdOf(address registrant, string calldata origin) external pure returns (LogId);
}
