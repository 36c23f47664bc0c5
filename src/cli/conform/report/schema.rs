//! A checker for the part of JSON Schema 2020-12 that `schemas/` uses, for tests. An unknown keyword
//! is an error, so that nothing in a schema goes unchecked.

use serde_json::Value;

/// Returns where and how `value` breaks `schema`; `root` has the definitions.
pub(super) fn errors(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let rules = schema.as_object().expect("a schema is an object");
    for (keyword, rule) in rules {
        let holds = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => true,
            "type" => has_type(rule, value),
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "pattern" => {
                value.as_str().is_none_or(|text| has_pattern(rule.as_str().unwrap(), text))
            }
            "$ref" => {
                let pointer = rule.as_str().unwrap().trim_start_matches('#');
                found.extend(errors(root, root.pointer(pointer).unwrap(), value, path));
                true
            }
            "anyOf" => {
                let any = |one: &Value| errors(root, one, value, path).is_empty();
                rule.as_array().unwrap().iter().any(any)
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(errors(root, rule, item, &format!("{path}/{index}")));
                }
                true
            }
            "required" => {
                let names = rule.as_array().unwrap();
                names.iter().all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        found.extend(errors(root, rule, value, &format!("{path}/{name}")));
                    }
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(rule, &Value::Bool(false));
                let known = rules.get("properties").and_then(Value::as_object);
                let names = value.as_object().into_iter().flat_map(|object| object.keys());
                names.into_iter().all(|name| known.is_some_and(|known| known.contains_key(name)))
            }
            other => panic!("{path}: the checker does not know {other}"),
        };
        if !holds {
            found.push(format!("{path}: {value:.80} breaks {keyword} {rule}"));
        }
    }
    found
}

fn has_type(rule: &Value, value: &Value) -> bool {
    match rule {
        Value::Array(any) => any.iter().any(|one| has_type(one, value)),
        Value::String(name) => match name.as_str() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "number" => value.is_number(),
            "integer" => value.is_u64() || value.is_i64(),
            other => panic!("no such type: {other}"),
        },
        other => panic!("no type: {other}"),
    }
}

/// The patterns of the schemas, by hand: there is no regex crate here.
fn has_pattern(pattern: &str, text: &str) -> bool {
    let is_lower_or_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    match pattern {
        "^([0-9a-f]{2})*$" => {
            crate::wire::format::unhex(text).is_some() && text == text.to_lowercase()
        }
        "^[a-z0-9]+/[a-z0-9-]+$" => text.split_once('/').is_some_and(|(group, name)| {
            let is_group = !group.is_empty() && group.bytes().all(is_lower_or_digit);
            let is_name = |byte: u8| is_lower_or_digit(byte) || byte == b'-';
            is_group && !name.is_empty() && name.bytes().all(is_name)
        }),
        other => panic!("no such pattern: {other}"),
    }
}
