//! The operator's GateConfiguration and the repository's .rendergate.yaml.
