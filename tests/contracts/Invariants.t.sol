// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {LogId} from "../../contracts/INotaryRegistry.sol";
import {NotaryRegistry} from "../../contracts/NotaryRegistry.sol";
import {RegistryHandler} from "./support/RegistryHandler.sol";
import {Test} from "./support/Test.sol";

/// @notice The promises of the registry, after any mix of honest steps and attacks on three logs (see
/// {RegistryHandler}). That every accepted root extends the one before is checked where an anchor is sent: by RFC 9162
/// 2.1.4.2, word by word.
contract InvariantsTest is Test {
    NotaryRegistry private registry;
    RegistryHandler private handler;

    function setUp() public {
        registry = new NotaryRegistry();
        handler = new RegistryHandler(registry);
    }

    /// @dev The runner calls this to learn which contract to send its calls to.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev No attack moved any log; nobody but its operator did; no log was touched by a call to another.
    function invariant_everyLogIsWhereItsOperatorLeftIt() public view {
        for (uint256 i = 0; i < handler.LOGS(); ++i) {
            RegistryHandler.Anchor[] memory anchors = handler.accepted(i);
            (address operator, uint48 size, uint48 time) = registry.head(handler.logs(i));
            vm.assertEq(operator, handler.operators(i));
            vm.assertEq(size, anchors.length == 0 ? 0 : anchors[anchors.length - 1].size);
            vm.assertEq(time, anchors.length == 0 ? 0 : anchors[anchors.length - 1].time);
        }
    }

    /// @dev All anchors, at the end of each run.
    function afterInvariant() public view {
        for (uint256 i = 0; i < handler.LOGS(); ++i) {
            RegistryHandler.Anchor[] memory anchors = handler.accepted(i);
            for (uint256 n = 0; n < anchors.length; ++n) {
                if (n != 0) vm.assertTrue(anchors[n].size > anchors[n - 1].size, "a log that does not grow");
                _requireAnchored(i, anchors[n]);
            }
        }
    }

    /// @dev The first and the newest anchor of each log, after every call.
    function invariant_whatWasAnchoredStaysConfirmable() public view {
        for (uint256 i = 0; i < handler.LOGS(); ++i) {
            RegistryHandler.Anchor[] memory anchors = handler.accepted(i);
            if (anchors.length == 0) continue;
            _requireAnchored(i, anchors[0]);
            _requireAnchored(i, anchors[anchors.length - 1]);
        }
    }

    function _requireAnchored(uint256 i, RegistryHandler.Anchor memory anchor) private view {
        for (uint256 log = 0; log < handler.LOGS(); ++log) {
            LogId id = handler.logs(log);
            vm.assertEq(registry.isAnchored(id, anchor.size, anchor.root, anchor.time), log == i);
        }
    }
}
