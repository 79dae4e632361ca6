//! `{{ }}` variables and `$( )` references inside any value, compiled at load.
