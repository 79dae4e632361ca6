//! Tokens to a syntax tree: a Pratt parser with the binding powers and quirks of the dialect (spec 30 §4.1).

use std::sync::OnceLock;

use super::ast::{Call, Comparison, Node};
use super::error::CompileError;
use super::lexer::{Kind, Token, tokenize};
use super::{MAX_EXPRESSION_BYTES, MAX_EXPRESSION_DEPTH, functions, go};
use crate::document::{Str, Value};

/// A node and its height, which [`MAX_EXPRESSION_DEPTH`] bounds.
type Tree = (Node, usize);

/// Parses an expression.
pub(super) fn parse(expression: &str) -> Result<Node, CompileError> {
    if expression.len() > MAX_EXPRESSION_BYTES {
        let message = format!("Expression too long: more than {MAX_EXPRESSION_BYTES} bytes");
        return Err(CompileError::syntax("", 0, &message));
    }
    let mut parser = Parser { expression, tokens: tokenize(expression)?, at: 0, depth: 0 };
    let (node, _) = parser.expression(0)?;
    match parser.current() {
        Kind::Eof => Ok(node),
        other => Err(parser.error(&format!("Unexpected token at the end of the expression: {}", other.name()))),
    }
}

fn binding_power(kind: Kind) -> u8 {
    match kind {
        Kind::Pipe => 1,
        Kind::Or => 2,
        Kind::And => 3,
        Kind::Eq | Kind::Ne | Kind::Lt | Kind::Lte | Kind::Gt | Kind::Gte => 5,
        Kind::Flatten => 9,
        Kind::Star => 20,
        Kind::Filter => 21,
        Kind::Dot => 40,
        Kind::Not => 45,
        Kind::Lbrace => 50,
        Kind::Lbracket => 55,
        Kind::Lparen => 60,
        _ => 0,
    }
}

fn leaf(node: Node) -> Tree {
    (node, 1)
}

struct Parser<'a> {
    expression: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn look(&self, ahead: usize) -> Kind {
        self.tokens.get(self.at + ahead).map_or(Kind::Eof, |token| token.kind)
    }

    fn current(&self) -> Kind {
        self.look(0)
    }

    /// Consumes the current token; the end is never passed.
    fn advance(&mut self) -> Token {
        match self.tokens.get(self.at) {
            Some(token) => {
                self.at += 1;
                token.clone()
            }
            None => Token { kind: Kind::Eof, text: String::new(), position: self.expression.len() },
        }
    }

    fn error(&self, message: &str) -> CompileError {
        let position = self.tokens.get(self.at).map_or(self.expression.len(), |token| token.position);
        CompileError::syntax(self.expression, position, message)
    }

    fn expect(&mut self, kind: Kind) -> Result<(), CompileError> {
        if self.current() == kind {
            self.at += 1;
            return Ok(());
        }
        Err(self.error(&format!("Expected {}, received: {}", kind.name(), self.current().name())))
    }

    fn too_deep(&self) -> CompileError {
        self.error(&format!("Expression too deep: more than {MAX_EXPRESSION_DEPTH} levels"))
    }

    /// The node above children of these heights.
    fn above(&self, node: Node, heights: &[usize]) -> Result<Tree, CompileError> {
        let height = 1 + heights.iter().copied().max().unwrap_or(0);
        if height > MAX_EXPRESSION_DEPTH { Err(self.too_deep()) } else { Ok((node, height)) }
    }

    fn binary(
        &self,
        make: impl FnOnce(Box<Node>, Box<Node>) -> Node,
        left: Tree,
        right: Tree,
    ) -> Result<Tree, CompileError> {
        self.above(make(Box::new(left.0), Box::new(right.0)), &[left.1, right.1])
    }

    fn expression(&mut self, power: u8) -> Result<Tree, CompileError> {
        self.depth += 1;
        if self.depth > MAX_EXPRESSION_DEPTH {
            return Err(self.too_deep());
        }
        let token = self.advance();
        let mut left = self.prefix(token)?;
        while power < binding_power(self.current()) {
            let kind = self.advance().kind;
            left = self.infix(kind, left)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self, token: Token) -> Result<Tree, CompileError> {
        match token.kind {
            Kind::JsonLiteral => match go::json::read(&token.text) {
                Ok(value) => Ok(leaf(Node::Literal(value))),
                Err(error) => Err(CompileError::plain(self.expression, error.to_string())),
            },
            Kind::StringLiteral => Ok(leaf(Node::Literal(Value::string(token.text)))),
            Kind::UnquotedIdentifier => Ok(leaf(Node::field(&token.text))),
            Kind::QuotedIdentifier if self.current() == Kind::Lparen => {
                let message = "Can't have quoted identifier as function Name.";
                Err(CompileError::syntax(self.expression, token.position, message))
            }
            Kind::QuotedIdentifier => Ok(leaf(Node::field(&token.text))),
            Kind::Current => Ok(leaf(Node::Current)),
            Kind::Star => {
                let right = match self.current() {
                    Kind::Rbracket => leaf(Node::Identity),
                    _ => self.projected(binding_power(Kind::Star))?,
                };
                self.binary(Node::ValueProjection, leaf(Node::Identity), right)
            }
            Kind::Filter => self.filter(leaf(Node::Identity)),
            Kind::Flatten => self.flatten(leaf(Node::Identity)),
            Kind::Lbrace => self.hash(),
            Kind::Lbracket => self.bracket(),
            Kind::Expref => {
                let (node, height) = self.expression(binding_power(Kind::Expref))?;
                self.above(Node::Expref(Box::new(node)), &[height])
            }
            Kind::Not => {
                let (node, height) = self.expression(binding_power(Kind::Not))?;
                self.above(Node::Not(Box::new(node)), &[height])
            }
            Kind::Lparen => {
                let inner = self.expression(0)?;
                self.expect(Kind::Rparen)?;
                Ok(inner)
            }
            Kind::Eof => Err(CompileError::syntax(self.expression, token.position, "Incomplete expression")),
            other => {
                let message = format!("Invalid token: {}", other.name());
                Err(CompileError::syntax(self.expression, token.position, &message))
            }
        }
    }

    fn infix(&mut self, kind: Kind, left: Tree) -> Result<Tree, CompileError> {
        let power = binding_power(kind);
        let comparison = match kind {
            Kind::Dot if self.current() == Kind::Star => {
                self.advance();
                let right = self.projected(power)?;
                return self.binary(Node::ValueProjection, left, right);
            }
            Kind::Dot => {
                let right = self.after_dot(power)?;
                let heights = [left.1, right.1];
                return self.above(Node::sub(left.0, right.0), &heights);
            }
            Kind::Pipe => {
                let right = self.expression(power)?;
                return self.binary(Node::Pipe, left, right);
            }
            Kind::Or => {
                let right = self.expression(power)?;
                return self.binary(Node::Or, left, right);
            }
            Kind::And => {
                let right = self.expression(power)?;
                return self.binary(Node::And, left, right);
            }
            Kind::Lparen => return self.call(left),
            Kind::Filter => return self.filter(left),
            Kind::Flatten => return self.flatten(left),
            Kind::Lbracket => return self.bracket_after(left),
            Kind::Eq => Comparison::Eq,
            Kind::Ne => Comparison::Ne,
            Kind::Lt => Comparison::Lt,
            Kind::Lte => Comparison::Lte,
            Kind::Gt => Comparison::Gt,
            Kind::Gte => Comparison::Gte,
            other => return Err(self.error(&format!("Unexpected token: {}", other.name()))),
        };
        let right = self.expression(power)?;
        self.binary(|a, b| Node::Compare(comparison, a, b), left, right)
    }

    /// `name(arguments)`; commas between arguments are optional. Whatever has a text for a value can stand for the
    /// name, as in the dialect: `(f)(x)`, `'f'(x)`.
    fn call(&mut self, left: Tree) -> Result<Tree, CompileError> {
        let name: Str = match &left.0 {
            Node::Path(path) => match path.keys.as_slice() {
                [name] => name.clone(),
                _ => Str::default(),
            },
            Node::Literal(Value::String(text)) => text.clone(),
            Node::Call(call) => call.name.clone(),
            // Nothing that could name a function: an error when it is called.
            _ => Str::default(),
        };
        let (mut args, mut heights) = (Vec::new(), Vec::new());
        while self.current() != Kind::Rparen {
            let (node, height) = self.expression(0)?;
            if self.current() == Kind::Comma {
                self.advance();
            }
            args.push(node);
            heights.push(height);
        }
        self.expect(Kind::Rparen)?;
        let function = functions::find(&name);
        let call = Call { name, function, args, prepared: OnceLock::new() };
        self.above(Node::Call(Box::new(call)), &heights)
    }

    /// After a leading `[`.
    fn bracket(&mut self) -> Result<Tree, CompileError> {
        match self.current() {
            Kind::Number | Kind::Colon => {
                let number = self.at;
                let right = match self.index() {
                    // Without anything to its left, the original forgets this error and stumbles over the number.
                    Err(error) if error.highlight().is_none() => {
                        self.at = number;
                        return Err(self.error("Unexpected token at the end of the expression: tNumber"));
                    }
                    other => other?,
                };
                self.project_if_slice(leaf(Node::Identity), right)
            }
            Kind::Star if self.look(1) == Kind::Rbracket => {
                self.advance();
                self.advance();
                let right = self.projected(binding_power(Kind::Star))?;
                self.binary(Node::Projection, leaf(Node::Identity), right)
            }
            _ => self.list(),
        }
    }

    /// After `left[`.
    fn bracket_after(&mut self, left: Tree) -> Result<Tree, CompileError> {
        if matches!(self.current(), Kind::Number | Kind::Colon) {
            let right = self.index()?;
            return self.project_if_slice(left, right);
        }
        self.expect(Kind::Star)?;
        self.expect(Kind::Rbracket)?;
        let right = self.projected(binding_power(Kind::Star))?;
        self.binary(Node::Projection, left, right)
    }

    fn integer(&self, text: &str) -> Result<i64, CompileError> {
        text.parse().map_err(|_| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let cause = if digits.is_empty() { "invalid syntax" } else { "value out of range" };
            CompileError::plain(self.expression, format!("strconv.Atoi: parsing {}: {cause}", go::quote(text)))
        })
    }

    /// An index or a slice, up to and with the closing bracket.
    fn index(&mut self) -> Result<Node, CompileError> {
        if self.current() == Kind::Colon || self.look(1) == Kind::Colon {
            return self.slice();
        }
        let token = self.advance();
        let index = self.integer(&token.text)?;
        self.expect(Kind::Rbracket)?;
        Ok(Node::Index(index))
    }

    fn slice(&mut self) -> Result<Node, CompileError> {
        let mut parts = [None; 3];
        let mut part = 0;
        while self.current() != Kind::Rbracket && part < 3 {
            match self.current() {
                Kind::Colon => part += 1,
                Kind::Number => {
                    let text = self.tokens.get(self.at).map(|token| token.text.clone()).unwrap_or_default();
                    let number = self.integer(&text)?;
                    if let Some(slot) = parts.get_mut(part) {
                        *slot = Some(number);
                    }
                }
                other => {
                    return Err(self.error(&format!("Expected tColon or tNumber, received: {}", other.name())));
                }
            }
            self.advance();
        }
        self.expect(Kind::Rbracket)?;
        Ok(Node::Slice(parts))
    }

    fn project_if_slice(&mut self, left: Tree, right: Node) -> Result<Tree, CompileError> {
        let is_slice = matches!(right, Node::Slice(_));
        let indexed = self.binary(Node::IndexExpression, left, leaf(right))?;
        if !is_slice {
            return Ok(indexed);
        }
        let right = self.projected(binding_power(Kind::Star))?;
        self.binary(Node::Projection, indexed, right)
    }

    /// After `left[?`.
    fn filter(&mut self, left: Tree) -> Result<Tree, CompileError> {
        let condition = self.expression(0)?;
        self.expect(Kind::Rbracket)?;
        let right = match self.current() {
            Kind::Flatten => leaf(Node::Identity),
            _ => self.projected(binding_power(Kind::Filter))?,
        };
        let heights = [left.1, right.1, condition.1];
        let node = Node::Filter { left: Box::new(left.0), right: Box::new(right.0), condition: Box::new(condition.0) };
        self.above(node, &heights)
    }

    /// After `left[]`.
    fn flatten(&mut self, left: Tree) -> Result<Tree, CompileError> {
        let flat = self.above(Node::Flatten(Box::new(left.0)), &[left.1])?;
        let right = self.projected(binding_power(Kind::Flatten))?;
        self.binary(Node::Projection, flat, right)
    }

    /// After `[` or `.[`: expressions up to the closing bracket.
    fn list(&mut self) -> Result<Tree, CompileError> {
        let (mut items, mut heights) = (Vec::new(), Vec::new());
        loop {
            let (node, height) = self.expression(0)?;
            items.push(node);
            heights.push(height);
            if self.current() == Kind::Rbracket {
                break;
            }
            self.expect(Kind::Comma)?;
        }
        self.expect(Kind::Rbracket)?;
        self.above(Node::List(items), &heights)
    }

    /// After `{` or `.{`: pairs up to the closing brace; commas between them are optional.
    fn hash(&mut self) -> Result<Tree, CompileError> {
        let (mut pairs, mut heights) = (Vec::new(), Vec::new());
        loop {
            if !matches!(self.current(), Kind::UnquotedIdentifier | Kind::QuotedIdentifier) {
                return Err(self.error("Expected tQuotedIdentifier or tUnquotedIdentifier"));
            }
            let key = self.advance().text;
            self.expect(Kind::Colon)?;
            let (node, height) = self.expression(0)?;
            pairs.push((Str::from(key), node));
            heights.push(height);
            match self.current() {
                Kind::Comma => {
                    self.advance();
                }
                Kind::Rbrace => {
                    self.advance();
                    return self.above(Node::Hash(pairs), &heights);
                }
                _ => {}
            }
        }
    }

    fn after_dot(&mut self, power: u8) -> Result<Tree, CompileError> {
        match self.current() {
            Kind::QuotedIdentifier | Kind::UnquotedIdentifier | Kind::Star => self.expression(power),
            Kind::Lbracket => {
                self.advance();
                self.list()
            }
            Kind::Lbrace => {
                self.advance();
                self.hash()
            }
            _ => Err(self.error("Expected identifier, lbracket, or lbrace")),
        }
    }

    /// The right side of a projection: what runs on each item.
    fn projected(&mut self, power: u8) -> Result<Tree, CompileError> {
        match self.current() {
            kind if binding_power(kind) < 10 => Ok(leaf(Node::Identity)),
            Kind::Lbracket | Kind::Filter => self.expression(power),
            Kind::Dot => {
                self.advance();
                self.after_dot(power)
            }
            _ => Err(self.error("Error")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text).expect_err(text).to_string()
    }

    #[test]
    fn errors_are_those_of_the_dialect() {
        assert_eq!(error("a.b."), "SyntaxError: Expected identifier, lbracket, or lbrace");
        assert_eq!(error(""), "SyntaxError: Incomplete expression");
        assert_eq!(error("5"), "SyntaxError: Invalid token: tNumber");
        assert_eq!(error("a b"), "SyntaxError: Unexpected token at the end of the expression: tUnquotedIdentifier");
        assert_eq!(error("`{`"), "unexpected end of JSON input");
        assert_eq!(error("a[99999999999999999999]"), {
            "strconv.Atoi: parsing \"99999999999999999999\": value out of range"
        });
        assert_eq!(error("a[1:2:3:4]"), "SyntaxError: Expected tRbracket, received: tNumber");
        assert_eq!(error("\"f\"(x)"), "SyntaxError: Can't have quoted identifier as function Name.");
    }

    #[test]
    fn commas_are_optional_where_the_dialect_says_so() {
        for text in ["f(a b)", "f(a,)", "{a: b c: d}", "a[:::]"] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        for text in
            ["(".repeat(5000), "a[0]".to_owned() + &"[0]".repeat(5000), "!".repeat(5000), "a.".repeat(5000) + "a"]
        {
            assert!(error(&text).contains("too deep"), "{}", &text[..8]);
        }
        assert!(error(&"a".repeat(MAX_EXPRESSION_BYTES + 1)).contains("too long"));
    }

    #[test]
    fn any_text_parses_or_fails() {
        let pieces = r#"[\[\]?*.@&!|<>={}(),:'`"a-c0-2_ \\é-]|\|\||&&|\[\?|\[\]"#;
        proptest::proptest!(|(parts in proptest::collection::vec(pieces, 0..24))| {
            let text = parts.concat();
            if let Ok(node) = parse(&text) {
                super::super::print::tree(&node);
            }
        });
        proptest::proptest!(|(text in ".{0,40}")| { let _ = parse(&text); });
    }

    #[test]
    fn the_guard_chain_reaches_through_an_index() {
        let Node::Sub(left, _) = parse("request.userInfo.groups[0].x").expect("parses") else { panic!("a sub") };
        let text = format!("{left:?}");
        assert!(text.contains(r#"chain: ["request", "userInfo", "groups"]"#), "{text}");
    }
}
