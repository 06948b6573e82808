import { Buffer } from 'node:buffer';

/** @param {import('aws-lambda').MSKEvent} event */
export const consumer = async (event) => {
  for (const record of Object.values(event.records).flat()) {
    console.log(`order: ${Buffer.from(record.value, 'base64')}`);
  }
};
