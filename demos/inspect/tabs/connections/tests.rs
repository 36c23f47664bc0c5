//! Tests of the table: which rows and columns are drawn, and what keys and clicks do.
