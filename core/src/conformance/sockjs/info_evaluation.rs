//! Evaluates the document at `/info`.

use serde_json::Value;

use crate::conformance::sockjs::request::Notes;
use crate::conformance::sockjs::rule::{Evaluation, InfoRule, MAX_SHOWN};
use crate::wire::format::quote;

/// Evaluates the document by all rules; the first that is broken counts.
pub(super) fn evaluate(rules: &[InfoRule], body: &[u8], notes: &mut Notes) -> Evaluation {
    let Ok(Value::Object(document)) = serde_json::from_slice::<Value>(body) else {
        return Evaluation::Broken(format!(
            "sent {}, which isn't a JSON object",
            quote(body, MAX_SHOWN)
        ));
    };
    let entropy = document.get("entropy").and_then(integer);
    for rule in rules {
        let (name, is_kept) = match rule {
            InfoRule::WebSocket(is_on) => {
                ("websocket", document.get("websocket") == Some(&Value::Bool(*is_on)))
            }
            InfoRule::CookieNeeded(expected) => {
                let value = document.get("cookie_needed").and_then(Value::as_bool);
                let is_kept = match expected {
                    Some(expected) => value == Some(*expected),
                    None => value.is_some(),
                };
                ("cookie_needed", is_kept)
            }
            InfoRule::Origins => {
                ("origins", document.get("origins") == Some(&serde_json::json!(["*:*"])))
            }
            InfoRule::Entropy => ("entropy", entropy.is_some()),
            InfoRule::EntropyRange => {
                ("entropy", entropy.is_some_and(|number| u32::try_from(number).is_ok()))
            }
            InfoRule::OtherEntropy => ("entropy", entropy.is_some() && entropy != notes.entropy),
        };
        if !is_kept {
            let value = document.get(name).map_or_else(
                || format!("sent no {name}"),
                |value| format!("sent {name}: {}", quote(value.to_string().as_bytes(), MAX_SHOWN)),
            );
            return Evaluation::Broken(value);
        }
    }
    notes.entropy = entropy.or(notes.entropy);
    Evaluation::Kept
}

/// Returns an integer of JSON.
fn integer(value: &Value) -> Option<i128> {
    value.as_u64().map(i128::from).or_else(|| value.as_i64().map(i128::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_evaluated_and_the_entropy_is_remembered() {
        let mut notes = Notes::default();
        let body = br#"{"websocket":true,"origins":["*:*"],"cookie_needed":false,"entropy":7}"#;
        let all = [
            InfoRule::WebSocket(true),
            InfoRule::CookieNeeded(None),
            InfoRule::Origins,
            InfoRule::Entropy,
            InfoRule::EntropyRange,
            InfoRule::OtherEntropy,
        ];
        assert_eq!(evaluate(&all, body, &mut notes), Evaluation::Kept);
        let again = evaluate(&[InfoRule::OtherEntropy], body, &mut notes);
        assert_eq!(again, Evaluation::Broken("sent entropy: \"7\"".to_owned()));
        let off = evaluate(&[InfoRule::WebSocket(false)], body, &mut notes);
        assert!(matches!(off, Evaluation::Broken(_)));
        let float = evaluate(&[InfoRule::Entropy], br#"{"entropy":0.5}"#, &mut notes);
        assert!(matches!(float, Evaluation::Broken(_)));
        assert!(matches!(evaluate(&[], b"[]", &mut notes), Evaluation::Broken(_)));
    }
}
