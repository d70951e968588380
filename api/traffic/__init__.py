# SPDX-License-Identifier: Apache-2.0
"""What the processes that serve HTTP share about traffic: who asked how often, and what was answered.

`rates` limits requests, `repeats` answers a repeated request as the first time, `store` is the file that the processes
of one host share, `tables` what those of several hosts do. The file is a database of its own, without a wait for the
disk, so that counting never stands in the log's way; whoever loses it loses a minute's counts and a day's repeats.
"""
