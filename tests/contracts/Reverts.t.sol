// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {INotaryRegistry, LogId} from "../../contracts/INotaryRegistry.sol";
import {RegistryFixture} from "./support/RegistryFixture.sol";

/// @notice One test for each way a transaction is refused: its error, with its values, and the state left as it was.
contract RevertsTest is RegistryFixture {
    LogId private constant NOBODYS = LogId.wrap(bytes32(uint256(1)));
    bytes32[] private noProof;

    function test_register_emptyOrigin() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.EmptyOrigin.selector));
        registry.register("");
    }

    function test_register_logExists() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.LogExists.selector, log));
        vm.prank(operator);
        registry.register(ORIGIN);
    }

    function test_register_logExists_afterHandOver() public {
        vm.prank(operator);
        registry.proposeOperator(log, stranger);
        vm.prank(stranger);
        registry.acceptOperator(log);
        test_register_logExists();
        requireHead(log, stranger, 0, 0);
    }

    function test_anchor_unknownLog() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.UnknownLog.selector, NOBODYS));
        registry.anchor(NOBODYS, 1, bytes32("root"), 0, noProof);
    }

    function test_anchor_notOperator() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.NotOperator.selector, log, stranger, operator));
        vm.prank(stranger);
        registry.anchor(log, 1, bytes32("root"), 0, noProof);
        requireHead(log, operator, 0, 0);
    }

    function test_anchor_sizeNotGrowing_zeroOnAnEmptyLog() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.SizeNotGrowing.selector, 0, 0));
        vm.prank(operator);
        registry.anchor(log, 0, bytes32("root"), 0, noProof);
    }

    function test_anchor_sizeNotGrowing_equalAndSmaller() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        for (uint48 size = 6; size <= 7; ++size) {
            vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.SizeNotGrowing.selector, size, 7));
            vm.prank(operator);
            registry.anchor(log, size, s.firstRoot, s.firstRoot, noProof);
        }
        requireHead(log, operator, 7, START);
    }

    function test_anchor_zeroRoot() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.ZeroRoot.selector));
        vm.prank(operator);
        registry.anchor(log, 1, 0, 0, noProof);
    }

    function test_anchor_unexpectedProof_hashes() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.UnexpectedProof.selector));
        vm.prank(operator);
        registry.anchor(log, 2, bytes32("root"), 0, new bytes32[](1));
    }

    function test_anchor_unexpectedProof_previousRoot() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.UnexpectedProof.selector));
        vm.prank(operator);
        registry.anchor(log, 2, bytes32("root"), bytes32("previous"), noProof);
    }

    function test_anchor_previousRootMismatch() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        Step memory other = step("another tree", 7, 12);
        vm.expectRevert(
            abi.encodeWithSelector(INotaryRegistry.PreviousRootMismatch.selector, log, 7, other.firstRoot)
        );
        anchorSecond(other);
        requireHead(log, operator, 7, START);
    }

    function test_anchor_previousRootMismatch_zero() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.PreviousRootMismatch.selector, log, 7, bytes32(0)));
        vm.prank(operator);
        registry.anchor(log, 12, s.secondRoot, 0, s.proof);
    }

    function test_anchor_proofLength_tooShortAndTooLong() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        uint256 wanted = s.proof.length;
        for (uint256 given = 0; given < wanted + 3; ++given) {
            if (given == wanted) continue;
            s.proof = new bytes32[](given);
            vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.ProofLength.selector, given, wanted));
            anchorSecond(s);
        }
        requireHead(log, operator, 7, START);
    }

    function test_anchor_proofLength_ofOtherSizes() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.ProofLength.selector, 5, 6));
        vm.prank(operator);
        registry.anchor(log, 17, s.secondRoot, s.firstRoot, s.proof);
    }

    function test_anchor_inconsistentRoots_newRoot() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        vm.expectRevert(
            abi.encodeWithSelector(INotaryRegistry.InconsistentRoots.selector, s.firstRoot, s.secondRoot)
        );
        vm.prank(operator);
        registry.anchor(log, 12, bytes32("forged"), s.firstRoot, s.proof);
        requireHead(log, operator, 7, START);
    }

    /// @dev The proof of a rewritten history: valid in its own tree, but it does not begin with what was anchored.
    function test_anchor_inconsistentRoots_rewrittenHistory() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        Step memory forged = step("another tree", 7, 12);
        vm.expectRevert(
            abi.encodeWithSelector(INotaryRegistry.InconsistentRoots.selector, forged.firstRoot, forged.secondRoot)
        );
        vm.prank(operator);
        registry.anchor(log, 12, forged.secondRoot, s.firstRoot, forged.proof);
        requireHead(log, operator, 7, START);
    }

    /// @dev From a power of two the known root is the start, so only the new root can be off.
    function test_anchor_inconsistentRoots_fromPowerOfTwo() public {
        Step memory s = step("tree", 8, 12);
        anchorFirst(s);
        bytes32 proven = sha256(bytes.concat(hex"01", s.firstRoot, bytes32("other")));
        s.proof[0] = bytes32("other");
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.InconsistentRoots.selector, s.firstRoot, proven));
        anchorSecond(s);
    }

    function test_anchor_sizeOverUint48() public {
        bytes memory call = abi.encodeWithSelector(
            INotaryRegistry.anchor.selector, log, uint256(1) << 48, bytes32("root"), bytes32(0), noProof
        );
        vm.prank(operator);
        (bool success, bytes memory reason) = address(registry).call(call);
        vm.assertFalse(success);
        vm.assertEq(reason.length, 0);
    }

    /// @dev A chain without the SHA-256 precompile answers every call with success and no bytes. Nothing would then
    /// turn the old root into another one, and "the tree grew and kept its root" would pass for proven.
    function test_anchor_withoutPrecompile() public {
        Step memory s = step("tree", 8, 12);
        anchorFirst(s);
        s.secondRoot = s.firstRoot;
        vm.mockCall(address(2), "", "");
        vm.expectRevert(bytes(""));
        anchorSecond(s);
        requireHead(log, operator, 8, START);
    }

    function test_verifyInclusion_withoutPrecompile() public {
        Step memory s = step("tree", 2, 3);
        anchorFirst(s);
        vm.mockCall(address(2), "", "");
        vm.expectRevert();
        registry.verifyInclusion(log, 2, s.firstRoot, START, 0, bytes32("leaf"), new bytes32[](1));
    }

    /// @dev Whatever gas a forged anchor is sent with: a hash that ran out of it must not pass for a proven one.
    function test_anchor_starvedOfGas_neverTakesAForgery() public {
        Step memory s = step("tree", 7, 12);
        anchorFirst(s);
        for (uint256 i = 0; i < s.proof.length; ++i) {
            s.proof[i] ^= bytes32(uint256(1));
            bytes memory call = abi.encodeCall(
                INotaryRegistry.anchor, (log, s.second, s.secondRoot, s.firstRoot, s.proof)
            );
            for (uint256 limit = 0; limit < 60_000; limit += 37) {
                vm.prank(operator);
                (bool success,) = address(registry).call{gas: limit}(call);
                vm.assertFalse(success);
            }
            s.proof[i] ^= bytes32(uint256(1));
        }
        requireHead(log, operator, 7, START);
    }

    function test_proposeOperator_unknownLog() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.UnknownLog.selector, NOBODYS));
        registry.proposeOperator(NOBODYS, stranger);
    }

    function test_proposeOperator_notOperator() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.NotOperator.selector, log, stranger, operator));
        vm.prank(stranger);
        registry.proposeOperator(log, stranger);
    }

    function test_acceptOperator_unknownLog() public {
        vm.expectRevert(abi.encodeWithSelector(INotaryRegistry.UnknownLog.selector, NOBODYS));
        registry.acceptOperator(NOBODYS);
    }

    function test_acceptOperator_nobodyProposed() public {
        vm.expectRevert(
            abi.encodeWithSelector(INotaryRegistry.NotProposedOperator.selector, log, stranger, address(0))
        );
        vm.prank(stranger);
        registry.acceptOperator(log);
    }

    function test_acceptOperator_somebodyElseProposed() public {
        vm.prank(operator);
        registry.proposeOperator(log, address(0xB0B));
        vm.expectRevert(
            abi.encodeWithSelector(INotaryRegistry.NotProposedOperator.selector, log, stranger, address(0xB0B))
        );
        vm.prank(stranger);
        registry.acceptOperator(log);
        requireHead(log, operator, 0, 0);
    }

    function test_acceptOperator_offerTakenBack() public {
        vm.prank(operator);
        registry.proposeOperator(log, stranger);
        vm.prank(operator);
        registry.proposeOperator(log, address(0));
        test_acceptOperator_nobodyProposed();
    }

    function test_etherIsRefused() public {
        (bool plain,) = address(registry).call{value: 1}("");
        vm.assertFalse(plain);
        (bool paid,) = address(registry).call{value: 1}(abi.encodeCall(INotaryRegistry.register, ("paid")));
        vm.assertFalse(paid);
        vm.assertEq(address(registry).balance, 0);
    }
}
