import { expressionInterpreter } from 'vega-interpreter';

/**
 * How the expressions of a spec are evaluated: as functions, or, where the page's content security policy forbids to
 * make some, by Vega's interpreter, which takes three times as long. The specs are those of this package; data, such as
 * the names of runs, are never expressions.
 */
export const EXPRESSIONS = mayMakeFunctions()
  ? { parse: {}, view: {} }
  : { parse: { ast: true }, view: { expr: expressionInterpreter } };

function mayMakeFunctions(): boolean {
  try {
    return new Function('return true')() === true;
  } catch {
    return false;
  }
}
