//! What a passing render prints: every object, in order, in a form Argo CD splits again into exactly
//! these objects.

use crate::document::{Value, json, yaml};

/// A YAML stream, one document an object.
#[must_use]
pub fn yaml_stream(objects: &[Value]) -> String {
    let mut out = String::new();
    for object in objects {
        out.push_str("---\n");
        out.push_str(&yaml::write(object));
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

/// One line of JSON an object.
#[must_use]
pub fn json_lines(objects: &[Value]) -> String {
    objects.iter().map(|object| json::to_string(object) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_read_back_as_the_same_objects() {
        let objects = vec![
            Value::from([("kind", Value::from("A")), ("text", Value::from("---\n- \"yes\" # no\n"))]),
            Value::from([("kind", Value::from("B")), ("mode", Value::from("0644")), ("n", Value::Int(3))]),
        ];
        let stream = yaml_stream(&objects);
        let read = yaml::read(&stream, &yaml::Limits::default()).unwrap();
        assert_eq!(read.into_iter().map(|d| d.value).collect::<Vec<_>>(), objects);
        let lines: Vec<_> = json_lines(&objects).lines().map(|l| json::parse(l.as_bytes()).unwrap()).collect();
        assert_eq!(lines, objects);
    }
}
