#![allow(clippy::all, missing_docs)]
use rendergate::document::{Value, json, yaml};
use std::io::BufRead;
fn main() {
    let mode = std::env::args().nth(1).unwrap();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        match mode.as_str() {
            "files" => {
                let Ok(bytes) = std::fs::read(&line) else { continue };
                let (docs, err) = match String::from_utf8(bytes) {
                    Err(e) => ("[]".to_string(), e.to_string()),
                    Ok(t) => match yaml::read(&t, &yaml::Limits::default()) {
                        Ok(d) => {
                            (json::to_string(&Value::list(d.into_iter().map(|d| d.value).collect())), String::new())
                        }
                        Err(e) => ("[]".into(), e.to_string()),
                    },
                };
                println!(
                    "{{\"file\":{},\"docs\":{},\"err\":{}}}",
                    json::to_string(&line.into()),
                    docs,
                    json::to_string(&err.into())
                );
            }
            "texts" => {
                let v = json::parse(line.as_bytes()).unwrap();
                let t = v.as_str().unwrap();
                match yaml::read(t, &yaml::Limits::default()) {
                    Ok(d) => println!(
                        "{{\"text\":{},\"doc\":{}}}",
                        line,
                        d.first().map_or("null".into(), |d| json::to_string(&d.value))
                    ),
                    Err(e) => println!("{{\"text\":{},\"err\":{}}}", line, json::to_string(&e.to_string().into())),
                }
            }
            "print" | "print3" => {
                let v = json::parse(line.as_bytes()).unwrap();
                let y = if mode == "print" { yaml::write_sorted(&v) } else { yaml::write_with_indent(&v) };
                println!("{}", json::to_string(&y.into()));
            }
            _ => {}
        }
    }
}
