//! Names: the field's own, each with one meaning.
