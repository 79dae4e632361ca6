//! Policies: wire types, lowering to one rule type, autogen, the indexed PolicySet.
