// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {INotaryRegistry, LogId} from "../../../contracts/INotaryRegistry.sol";
import {GrowingTree} from "./GrowingTree.sol";
import {Rfc9162} from "./Rfc9162.sol";
import {Test} from "./Test.sol";

/// @notice What the invariant suite lets loose on a registry: honest operators and everything an attacker can send.
/// Keeps what must be true of each log, from what it sent and not from what the registry says.
contract RegistryHandler is Test {
    struct Anchor {
        uint48 size;
        uint48 time;
        bytes32 root;
    }

    uint256 public constant LOGS = 3;
    uint256 private constant _ACTORS = 6;

    INotaryRegistry private immutable _registry;
    LogId[] public logs;
    GrowingTree[] private _trees;
    address[] public operators;
    mapping(uint256 log => Anchor[]) private _accepted;
    uint48 private _time = 1_700_000_000;

    constructor(INotaryRegistry registry) {
        _registry = registry;
        for (uint256 i = 0; i < LOGS; ++i) {
            operators.push(_actor(i));
            _trees.push(new GrowingTree(bytes32(i)));
            vm.prank(operators[i]);
            logs.push(_registry.register("notary.example/log"));
        }
    }

    function accepted(uint256 i) external view returns (Anchor[] memory) {
        return _accepted[i];
    }

    // ---- honest steps: all must succeed

    function anchor(uint256 i, uint256 growth) external {
        i = _grow(i, growth);
        Anchor memory head = _head(i);
        Anchor memory next = Anchor(uint48(_trees[i].size()), _time, _trees[i].root(_trees[i].size()));
        bytes32[] memory proof = _proof(i);
        _enter(operators[i]);
        _registry.anchor(logs[i], next.size, next.root, head.root, proof);
        require(
            head.size == 0 || Rfc9162.verifyConsistency(head.size, next.size, head.root, next.root, proof),
            "an accepted root does not extend the one before"
        );
        _accepted[i].push(next);
    }

    function handOver(uint256 i, uint256 successor) external {
        i = bound(i, 0, LOGS - 1);
        address next = _actor(successor);
        _enter(operators[i]);
        _registry.proposeOperator(logs[i], next);
        _enter(next);
        _registry.acceptOperator(logs[i]);
        operators[i] = next;
    }

    function wait(uint32 time) external {
        _time += time % 1 days;
    }

    // ---- attacks: all must fail

    function anchorAsStranger(uint256 i, uint256 growth, uint256 stranger) external {
        i = _grow(i, growth);
        stranger %= _ACTORS;
        if (_actor(stranger) == operators[i]) ++stranger;
        _attack(i, _actor(stranger), _trees[i].size(), _head(i).root, _proof(i), INotaryRegistry.NotOperator.selector);
    }

    function anchorCorrupted(uint256 i, uint256 growth, uint256 bit) external {
        i = _grow(i, growth);
        bytes32[] memory proof = _proof(i);
        if (proof.length == 0) return;
        proof[bit % proof.length] ^= bytes32(1 << (bit >> 8) % 256);
        _attack(i, operators[i], _trees[i].size(), _head(i).root, proof, INotaryRegistry.InconsistentRoots.selector);
    }

    function anchorTheTreeOfAnother(uint256 i, uint256 growth) external {
        i = _grow(i, growth);
        uint256 other = (i + 1) % LOGS;
        if (_head(i).size == 0 || _head(other).size == 0) return;
        bytes4 reason = INotaryRegistry.PreviousRootMismatch.selector;
        _attack(i, operators[i], _trees[i].size(), _head(other).root, _proof(i), reason);
    }

    function anchorSmaller(uint256 i, uint256 size) external {
        i = bound(i, 0, LOGS - 1);
        size = bound(size, 0, _head(i).size);
        _attack(i, operators[i], size, _head(i).root, new bytes32[](0), INotaryRegistry.SizeNotGrowing.selector);
    }

    function anchorAnything(
        uint256 i,
        uint48 size,
        bytes32 root,
        bytes32 previous,
        bytes32[] calldata proof,
        bool known
    ) external {
        i = bound(i, 0, LOGS - 1);
        if (_head(i).size == 0) return;
        _enter(operators[i]);
        try _registry.anchor(logs[i], size, root, known ? _head(i).root : previous, proof) {
            revert("an anchor out of thin air was accepted");
        } catch {}
    }

    function takeOver(uint256 i, uint256 stranger) external {
        i = bound(i, 0, LOGS - 1);
        _enter(_actor(stranger));
        try _registry.acceptOperator(logs[i]) {
            revert("a log was taken over without an offer");
        } catch {}
    }

    // ----

    function _attack(
        uint256 i,
        address sender,
        uint256 size,
        bytes32 previousRoot,
        bytes32[] memory proof,
        bytes4 reason
    ) private {
        bytes32 root = size == 0 ? bytes32("root") : _trees[i].root(_trees[i].size());
        _enter(sender);
        try _registry.anchor(logs[i], uint48(size), root, previousRoot, proof) {
            revert("an attack was accepted");
        } catch (bytes memory thrown) {
            require(bytes4(thrown) == reason, "an attack failed for another reason");
        }
    }

    function _head(uint256 i) private view returns (Anchor memory) {
        uint256 count = _accepted[i].length;
        return count == 0 ? Anchor(0, 0, 0) : _accepted[i][count - 1];
    }

    function _proof(uint256 i) private view returns (bytes32[] memory) {
        return _head(i).size == 0 ? new bytes32[](0) : _trees[i].proof(_head(i).size, _trees[i].size());
    }

    /// @dev Adds up to three complete subtrees, small ones more often, and never passes 2^47 leaves.
    function _grow(uint256 i, uint256 growth) private returns (uint256) {
        i = bound(i, 0, LOGS - 1);
        for (uint256 n = 0; n <= growth % 3; ++n) {
            uint256 level = (growth >> (8 * (n + 1))) % 256;
            if (_trees[i].size() < 1 << 46) _trees[i].append(level < 200 ? level % 7 : level % 46);
            else _trees[i].append(level % 7);
        }
        return i;
    }

    function _actor(uint256 n) private pure returns (address) {
        return address(uint160(0xA000 + (n % _ACTORS)));
    }

    function _enter(address sender) private {
        vm.warp(_time);
        vm.prank(sender);
    }
}
