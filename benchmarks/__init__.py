# SPDX-License-Identifier: Apache-2.0
"""Benchmarks and long runs; each file says how to start it."""
