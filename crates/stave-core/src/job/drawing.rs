//! Draws a graph as text: one line a node, its way through the graph in lanes on the left.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, Node};

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

/// The longest name that is drawn in full, in characters.
const MAX_NAME: usize = 40;

/// One line of the drawing: the lanes, and the node unless it only joins lanes.
struct Row<'a> {
    lanes: String,
    node: Option<&'a Node>,
}

/// The lines that lead down from nodes that still have readers: node id and how many.
#[derive(Default)]
struct Lanes<'a> {
    open: Vec<Option<(&'a str, usize)>>,
}

/// Draws `graph`: a line for each node with its name, type and decisive settings, inputs
/// above the nodes that read them. Ends with a line break.
pub fn graph_text(graph: &Graph) -> String {
    let rows = draw(graph);
    let lanes = width(rows.iter().map(|row| row.lanes.as_str()));
    let nodes = || rows.iter().filter_map(|row| row.node);
    let names: BTreeMap<&str, String> = nodes()
        .map(|node| (node.id.as_str(), shown_name(&node.name)))
        .collect();
    let name_width = width(names.values().map(String::as_str));
    let kind_width = width(nodes().map(|node| node.kind.type_name()));
    let mut text = String::new();
    for row in &rows {
        let line = match row.node {
            None => row.lanes.clone(),
            Some(node) => format!(
                "{:lanes$}  {:name_width$}  {:kind_width$}  {}",
                row.lanes,
                names[node.id.as_str()],
                node.kind.type_name(),
                graph.summary(node),
            ),
        };
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

fn shown_name(name: &str) -> String {
    let plain = name.replace(char::is_control, " ");
    if plain.chars().count() <= MAX_NAME {
        return plain;
    }
    let kept: String = plain.chars().take(MAX_NAME - 1).collect();
    format!("{kept}…")
}

/// The nodes so that each stands below its inputs and as near to them as can be.
fn depth_first(graph: &Graph) -> Vec<&Node> {
    let mut drawn: BTreeSet<&str> = BTreeSet::new();
    let mut order = Vec::new();
    let ends = graph.nodes().iter();
    let ends = ends.filter(|node| graph.readers_of(&node.id).next().is_none());
    for end in ends {
        // A stack instead of recursion: a graph may be a thousand nodes deep.
        let mut stack = vec![(end, 0_usize)];
        while let Some((node, next)) = stack.pop() {
            if drawn.contains(node.id.as_str()) {
                continue;
            }
            if let Some(input) = graph.inputs_of(node).nth(next) {
                stack.push((node, next + 1));
                stack.push((input, 0));
            } else {
                drawn.insert(&node.id);
                order.push(node);
            }
        }
    }
    order
}

fn draw(graph: &Graph) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut lanes = Lanes::default();
    let mut above: Option<usize> = None;
    for node in depth_first(graph) {
        let readers = graph.readers_of(&node.id).count();
        let (lane, joint) = lanes.enter(node);
        if let Some(joint) = joint {
            rows.push(Row {
                lanes: joint,
                node: None,
            });
        } else if above == Some(lane) {
            // What stands above in the same lane is another node's: a gap keeps them apart.
            rows.push(Row {
                lanes: lanes.line(None),
                node: None,
            });
        }
        rows.push(Row {
            lanes: lanes.line(Some((lane, symbol(node)))),
            node: Some(node),
        });
        lanes.open[lane] = (readers > 0).then_some((node.id.as_str(), readers));
        above = Some(lane);
    }
    rows
}

fn symbol(node: &Node) -> char {
    if node.kind.is_source() {
        '○'
    } else if node.kind.is_target() {
        '◆'
    } else {
        '●'
    }
}

impl<'a> Lanes<'a> {
    /// Leads the node's inputs to its lane; returns the lane, and the line that joins them.
    fn enter(&mut self, node: &'a Node) -> (usize, Option<String>) {
        let mut inputs: Vec<usize> = Vec::new();
        let mut ending: Vec<usize> = Vec::new();
        for (at, lane) in self.open.iter_mut().enumerate() {
            if let Some((id, readers)) = lane
                && node.inputs.iter().any(|input| input.as_str() == *id)
            {
                *readers -= 1;
                inputs.push(at);
                if *readers == 0 {
                    ending.push(at);
                }
            }
        }
        let lane = ending.first().copied().unwrap_or_else(|| {
            let free = self.open.iter().position(Option::is_none);
            free.unwrap_or(self.open.len())
        });
        if lane == self.open.len() {
            self.open.push(None);
        }
        let joint = (!inputs.is_empty()).then(|| self.joint(lane, &inputs, &ending));
        for at in ending {
            self.open[at] = None;
        }
        (lane, joint)
    }

    /// The line between the inputs and the node in `lane`.
    fn joint(&self, lane: usize, inputs: &[usize], ending: &[usize]) -> String {
        let first = inputs.iter().copied().chain([lane]).min().unwrap_or(lane);
        let last = inputs.iter().copied().chain([lane]).max().unwrap_or(lane);
        let mut line = String::new();
        for (at, open) in self.open.iter().enumerate() {
            let mut strokes = 0;
            if inputs.contains(&at) || at == lane {
                let goes_on = inputs.contains(&at) && !ending.contains(&at);
                strokes |= if inputs.contains(&at) { UP } else { 0 };
                strokes |= if goes_on || at == lane { DOWN } else { 0 };
                strokes |= if at > first { LEFT } else { 0 };
                strokes |= if at < last { RIGHT } else { 0 };
            } else if open.is_some() {
                strokes = UP | DOWN;
            } else if first < at && at < last {
                strokes = LEFT | RIGHT;
            }
            line.push(stroke(strokes));
            line.push(if first <= at && at < last { '─' } else { ' ' });
        }
        line.trim_end().to_owned()
    }

    /// A line of open lanes, with `mark` in its lane.
    fn line(&self, mark: Option<(usize, char)>) -> String {
        let mut line = String::new();
        for (at, open) in self.open.iter().enumerate() {
            line.push(match mark {
                Some((lane, symbol)) if lane == at => symbol,
                _ if open.is_some() => '│',
                _ => ' ',
            });
            line.push(' ');
        }
        line.trim_end().to_owned()
    }
}

fn stroke(strokes: u8) -> char {
    const UP_DOWN: u8 = UP | DOWN;
    const ACROSS: u8 = LEFT | RIGHT;
    match (strokes & UP_DOWN, strokes & ACROSS) {
        (0, 0) => ' ',
        (0, _) => '─',
        (_, 0) => '│',
        (UP_DOWN, ACROSS) => '┼',
        (UP_DOWN, LEFT) => '┤',
        (UP_DOWN, _) => '├',
        (UP, ACROSS) => '┴',
        (UP, LEFT) => '╯',
        (UP, _) => '╰',
        (_, ACROSS) => '┬',
        (_, LEFT) => '╮',
        (_, _) => '╭',
    }
}
