//! [`named_enum!`](crate::named_enum): lists the names of an enum once, for printing and parsing.

use thiserror::Error;

/// Implements `ALL`, `name`, `Display` and `FromStr` for an enum without fields.
///
/// The string before the list is the noun of the error message: `"light"` gives "unknown light
/// `blue`". `ALL` has the order of the list.
///
/// ```
/// use wiretalk_core::text::named_enum;
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum Light {
///     Red,
///     Green,
/// }
///
/// named_enum!(Light, "light": Red = "red", Green = "green");
///
/// assert_eq!("green".parse(), Ok(Light::Green));
/// assert_eq!(Light::ALL.map(|light| light.to_string()), ["red", "green"]);
/// let error = "blue".parse::<Light>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown light `blue`; expected one of: red, green");
/// ```
#[macro_export]
macro_rules! named_enum {
    ($enum:ident, $kind:literal: $($variant:ident = $name:literal),+ $(,)?) => {
        impl $enum {
            /// Every variant, in the order of the list.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Returns the name, as `Display` prints it and `FromStr` parses it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl ::std::fmt::Display for $enum {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl ::std::str::FromStr for $enum {
            type Err = $crate::text::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::text::UnknownName::new($kind, name, vec![$($name),+])),
                }
            }
        }
    };
}

pub use named_enum;

/// The error of [`FromStr`](std::str::FromStr) for an unknown name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown {kind} `{name}`; expected one of: {names}", names = .names.join(", "))]
pub struct UnknownName {
    /// What the message calls such a name, for example `transport`.
    pub kind: &'static str,
    /// The unknown name, as it was given.
    pub name: String,
    /// All known names.
    pub names: Vec<&'static str>,
}

impl UnknownName {
    /// Creates the error for `name`, which is not one of `names`.
    pub fn new(kind: &'static str, name: &str, names: Vec<&'static str>) -> Self {
        Self { kind, name: name.to_owned(), names }
    }
}
