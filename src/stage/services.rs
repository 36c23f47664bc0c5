//! Shared values that demos may use besides their own tasks, such as the bundled servers. The stage
//! does not know their types.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Values that all demos share, at most one of each type.
///
/// The caller that starts the talk inserts them, and each demo looks up the types that it knows.
#[derive(Clone, Default)]
pub struct Services {
    values: HashMap<TypeId, Service>,
}

#[derive(Clone)]
struct Service {
    type_name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

impl Services {
    /// Inserts a value. It replaces one of the same type.
    pub fn insert<T: Any + Send + Sync>(&mut self, value: T) {
        let service = Service { type_name: type_name::<T>(), value: Arc::new(value) };
        self.values.insert(TypeId::of::<T>(), service);
    }

    /// Returns the services with one more value.
    #[must_use]
    pub fn with<T: Any + Send + Sync>(mut self, value: T) -> Self {
        self.insert(value);
        self
    }

    /// Returns the value of this type; `None` if there is none, for example where slides are only
    /// drawn.
    pub fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.values.get(&TypeId::of::<T>())?.value.downcast_ref()
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.values().map(|service| service.type_name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_type_alone() {
        let mut services = Services::default().with(7_u8).with("seven");
        assert_eq!((services.get::<u8>(), services.get::<&str>()), (Some(&7), Some(&"seven")));
        assert_eq!(services.get::<u16>(), None);
        services.insert(8_u8);
        assert_eq!(services.clone().get::<u8>(), Some(&8), "there is one of each type");
    }
}
