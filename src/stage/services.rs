//! What demos may use of the world besides their own tasks, without the stage knowing what it is.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Values that are shared by all demos, at most one of each type.
///
/// Whoever starts the talk puts them in, and a demo asks for the types it knows.
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
    /// Adds a value, in the place of one of the same type.
    pub fn insert<T: Any + Send + Sync>(&mut self, value: T) {
        let service = Service { type_name: type_name::<T>(), value: Arc::new(value) };
        self.values.insert(TypeId::of::<T>(), service);
    }

    /// The same services with one more value.
    #[must_use]
    pub fn with<T: Any + Send + Sync>(mut self, value: T) -> Self {
        self.insert(value);
        self
    }

    /// The value of that type; `None` if there is none, as where only slides are drawn.
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
