# SPDX-License-Identifier: Apache-2.0
"""One test for each known shape of a stream, numbered as in the list of shapes."""
