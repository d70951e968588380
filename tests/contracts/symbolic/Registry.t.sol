// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {LogId} from "../../../contracts/INotaryRegistry.sol";
import {NotaryRegistry} from "../../../contracts/NotaryRegistry.sol";
import {ModelTree} from "./support/ModelTree.sol";

/// @notice The registry from any state whatever: what one call cannot break, no number of calls can.
///
/// Halmos takes no two keys of a mapping, and no two mappings, to meet in one slot. It does not see that a slot computed
/// by the compiler (a mapping under a constant key) lies in a mapping; the registry has none.
contract RegistrySymbolic is ModelTree {
    /// @dev What can be asked about one log: its head, and whether something was anchored.
    struct Question {
        LogId log;
        uint48 size;
        bytes32 root;
        uint48 time;
    }

    struct Answer {
        address operator;
        uint48 headSize;
        uint48 headTime;
        bool anchored;
    }

    struct Anchor {
        LogId log;
        uint48 size;
        bytes32 root;
        bytes32 previousRoot;
    }

    NotaryRegistry private registry = new NotaryRegistry();

    constructor() {
        vm.setArbitraryStorage(address(registry));
    }

    function check_anchor_onlyByTheOperator(
        address caller,
        Anchor calldata anchor,
        uint256 length,
        bytes32[LONGEST] calldata path
    ) external {
        (address operator,,) = registry.head(anchor.log);
        vm.assume(caller != operator || operator == address(0));
        vm.assertFalse(_anchor(caller, anchor, firstOf(path, eachOf(length, 0, LONGEST))));
    }

    function check_anchor_onlyGrows(
        address caller,
        Anchor calldata anchor,
        uint256 length,
        bytes32[LONGEST] calldata path
    ) external {
        (, uint48 headSize,) = registry.head(anchor.log);
        vm.assume(anchor.size <= headSize);
        vm.assertFalse(_anchor(caller, anchor, firstOf(path, eachOf(length, 0, LONGEST))));
    }

    /// @dev The first anchor, of any size: it is written as given, and nothing else changes.
    function check_firstAnchor_changesNothingElse(
        address caller,
        Anchor calldata anchor,
        uint256 length,
        bytes32[LONGEST] calldata path,
        Question calldata question
    ) external {
        Answer memory before = _ask(question);
        (address operator, uint48 headSize,) = registry.head(anchor.log);
        vm.assume(headSize == 0);
        length = eachOf(length, 0, LONGEST);
        if (!_anchor(caller, anchor, firstOf(path, length))) return;
        vm.assertEq(length, 0);
        vm.assertEq(anchor.previousRoot, 0);
        _requireAnchored(anchor, operator);
        _requireKept(before, question, anchor.log, headSize);
    }

    /// @dev A later anchor: the same, for all proofs.
    function check_laterAnchor_changesNothingElse(
        uint256 first,
        uint256 second,
        address caller,
        bytes32 firstRoot,
        Anchor calldata anchor,
        bytes32[LONGEST] calldata path,
        Question calldata question
    ) external {
        (first, second) = _twoSizes(first, second);
        address operator = _begin(anchor.log, uint48(first), firstRoot);
        Answer memory before = _ask(question);
        Anchor memory later = Anchor(anchor.log, uint48(second), anchor.root, anchor.previousRoot);
        if (!_anchor(caller, later, firstOf(path, consistencyLength(first, second, true)))) return;
        _requireAnchored(later, operator);
        _requireKept(before, question, later.log, uint48(first));
    }

    /// @dev Promise 2, through the contract as it is deployed: if the new root is that of a tree, the anchor before it
    /// was that of the tree's first leaves.
    function check_laterAnchor_extendsTheOneBefore(
        uint256 first,
        uint256 second,
        Anchor calldata anchor,
        bytes32 firstRoot,
        bytes32[LARGEST] calldata leaves,
        bytes32[LONGEST] calldata path
    ) external {
        (first, second) = _twoSizes(first, second);
        address operator = _begin(anchor.log, uint48(first), firstRoot);
        uint256 count = consistencyLength(first, second, true);
        provenRoots(first, second, true, firstRoot, path, count);
        bytes32 root = treeHash(leaves, 0, second);
        bytes32 older = treeHash(leaves, 0, first);
        Anchor memory later = Anchor(anchor.log, uint48(second), root, anchor.previousRoot);
        if (_anchor(operator, later, firstOf(path, count))) vm.assertEq(firstRoot, older);
    }

    function check_laterAnchor_wrongLengthReverts(
        uint256 first,
        uint256 second,
        uint256 length,
        Anchor calldata anchor,
        bytes32 firstRoot,
        bytes32[LONGEST] calldata path
    ) external {
        (first, second) = _twoSizes(first, second);
        address operator = _begin(anchor.log, uint48(first), firstRoot);
        length = eachOf(length, 0, LONGEST);
        if (length == consistencyLength(first, second, true)) return;
        Anchor memory later = Anchor(anchor.log, uint48(second), anchor.root, anchor.previousRoot);
        vm.assertFalse(_anchor(operator, later, firstOf(path, length)));
    }

    /// @dev A name that was never registered, and one that was, by anybody.
    function check_register_changesNoOtherLog(address caller, bytes32 name, Question calldata question) external {
        Answer memory before = _ask(question);
        string memory origin = string(bytes.concat(name));
        LogId log = registry.logIdOf(caller, origin);
        vm.prank(caller);
        try registry.register(origin) returns (LogId registered) {
            vm.assertEq(LogId.unwrap(registered), LogId.unwrap(log));
            (address operator,,) = registry.head(log);
            vm.assertEq(operator, caller);
            if (LogId.unwrap(question.log) != LogId.unwrap(log)) _requireSame(before, _ask(question));
            else vm.assertEq(before.operator, address(0));
        } catch {
            _requireSame(before, _ask(question));
        }
    }

    function check_proposeOperator_changesNoHead(
        address caller,
        LogId log,
        address successor,
        Question calldata question
    ) external {
        Answer memory before = _ask(question);
        (address operator,,) = registry.head(log);
        vm.prank(caller);
        try registry.proposeOperator(log, successor) {
            vm.assertEq(caller, operator);
        } catch {}
        _requireSame(before, _ask(question));
    }

    /// @dev The operator changes only to the caller whom the operator proposed last, and nothing else does.
    function check_acceptOperator_onlyByTheProposed(
        address caller,
        LogId log,
        address successor,
        Question calldata question
    ) external {
        (address operator,,) = registry.head(log);
        vm.prank(operator);
        try registry.proposeOperator(log, successor) {} catch { return; }
        Answer memory before = _ask(question);
        vm.prank(caller);
        try registry.acceptOperator(log) {
            vm.assertEq(caller, successor);
            if (LogId.unwrap(question.log) == LogId.unwrap(log)) before.operator = successor;
        } catch {}
        _requireSame(before, _ask(question));
    }

    /// @dev A log whose head is (size, root); everything else is as arbitrary as before.
    function _begin(LogId log, uint48 size, bytes32 root) private returns (address operator) {
        uint48 headSize;
        (operator, headSize,) = registry.head(log);
        vm.assume(headSize == 0);
        vm.assume(_anchor(operator, Anchor(log, size, root, 0), new bytes32[](0)));
    }

    function _anchor(address caller, Anchor memory anchor, bytes32[] memory proof) private returns (bool) {
        vm.prank(caller);
        try registry.anchor(anchor.log, anchor.size, anchor.root, anchor.previousRoot, proof) {
            return true;
        } catch {
            return false;
        }
    }

    function _requireAnchored(Anchor memory anchor, address wantedOperator) private view {
        (address operator, uint48 size, uint48 time) = registry.head(anchor.log);
        vm.assertEq(operator, wantedOperator);
        vm.assertEq(size, anchor.size);
        vm.assertEq(time, uint48(block.timestamp));
        vm.assertTrue(registry.isAnchored(anchor.log, size, anchor.root, time));
    }

    /// @dev Nothing changed in another log; in the log itself, what was anchored up to its head is anchored still.
    function _requireKept(Answer memory before, Question calldata question, LogId log, uint48 headSize) private view {
        if (LogId.unwrap(question.log) != LogId.unwrap(log)) _requireSame(before, _ask(question));
        else if (question.size <= headSize) vm.assertEq(before.anchored, _ask(question).anchored);
    }

    function _requireSame(Answer memory left, Answer memory right) private pure {
        vm.assertEq(left.operator, right.operator);
        vm.assertEq(left.headSize, right.headSize);
        vm.assertEq(left.headTime, right.headTime);
        vm.assertEq(left.anchored, right.anchored);
    }

    function _ask(Question calldata question) private view returns (Answer memory answer) {
        (answer.operator, answer.headSize, answer.headTime) = registry.head(question.log);
        answer.anchored = registry.isAnchored(question.log, question.size, question.root, question.time);
    }

    function _twoSizes(uint256 first, uint256 second) private pure returns (uint256, uint256) {
        second = eachOf(second, 2, LARGEST);
        return (eachOf(first, 1, second - 1), second);
    }
}
