// Validate HTML files by the standard and by what can be told of accessibility without a browser; the findings as JSON.
import { readFile } from 'node:fs/promises';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';

const config = {
  root: true,
  extends: ['html-validate:standard', 'html-validate:a11y'],
  // What scrolls by keyboard is a region or a group with a name, and is no section of the text.
  rules: { 'prefer-native-element': ['error', { exclude: ['region', 'group'] }] }
};
const validator = new HtmlValidate(new StaticConfigLoader(config));
const found = [];
for (const place of process.argv.slice(2)) {
  const report = await validator.validateString(await readFile(place, 'utf8'), place);
  for (const { messages } of report.results) {
    for (const { ruleId, severity, message, line, column, selector } of messages) {
      found.push({ place, rule: ruleId, serious: severity > 1, message, line, column, selector });
    }
  }
}
process.stdout.write(JSON.stringify(found));
