// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice The cheat codes that halmos answers.
interface SymbolicVm {
    function assertEq(bool left, bool right) external pure;
    function assertEq(bytes32 left, bytes32 right) external pure;
    function assertEq(uint256 left, uint256 right) external pure;
    function assertEq(address left, address right) external pure;
    function assertFalse(bool condition) external pure;
    function assertTrue(bool condition) external pure;
    function assume(bool condition) external pure;
    function prank(address sender) external;
    function setArbitraryStorage(address target) external;
}

/// @notice What every symbolic specification starts from: halmos runs each function `check_...` for all values of its
/// arguments at once, and looks for values under which an assertion fails.
abstract contract SymbolicTest {
    SymbolicVm internal constant vm = SymbolicVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Sizes above this one are left to the fuzz tests. The number of paths grows with its square.
    uint256 internal constant LARGEST = 8;

    /// @dev Longer than any proof in trees up to LARGEST.
    uint256 internal constant LONGEST = 6;

    /// @dev The number as a constant of its own path: halmos follows every value that it can have, one after the other.
    /// It takes the last branch first. So the smallest value comes first, and a rule that is broken is soon seen to be.
    function eachOf(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        for (uint256 i = high; i > low; --i) {
            if (x == i) return i;
        }
        vm.assume(x == low);
        return low;
    }

    function firstOf(bytes32[LONGEST] calldata values, uint256 count) internal pure returns (bytes32[] memory result) {
        result = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) result[i] = values[i];
    }
}
